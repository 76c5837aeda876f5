"""ai.chat: asks a language model."""

from typing import Annotated, Any

from pydantic import Field

from engine.ai.completion import CUT, Model, ModelFailed, raise_for_refusal
from engine.ai.messages import TEXT_LIMIT, Messages, ModelConnection, Piece
from engine.connection import connected
from engine.node import Context, Input, Node, Number, Output
from engine.ports import UNSET, HoldsSecrets, Stream


class ChatInput(Input):
    connection: Annotated[ModelConnection, HoldsSecrets()] = Field(
        description='Where the model\'s service is, as `{"url": "https://…/v1", "key": {"$secret": "name"}}`.'
    )
    model: str = Field(min_length=1, description="The model's name, as the service knows it.")
    messages: Messages = Field(description="The conversation so far; the model says what comes next.")
    temperature: Number | None = Field(
        default=None, ge=0, le=2, description="How freely the model chooses its words, from 0 to 2."
    )
    maxTokens: int | None = Field(default=None, ge=1, description="How many tokens the answer may have.")


class ChatOutput(Output):
    text: str = Field(description="The whole answer.")
    stream: Stream = Field(default=UNSET, description="The answer piece by piece, while the model speaks.")
    usage: dict[str, Any] = Field(description="What the service counted, in its own terms; empty if it does not say.")


class Chat(Node[ChatInput, ChatOutput]):
    """Asks a language model, and gives its answer word by word while it comes, and whole at the end. It speaks with any
    service that has OpenAI's chat completions. A status of 429 or 5xx and failures of the network can be retried."""

    type = "ai.chat"
    title = "AI chat"
    category = "ai"

    async def run(self, inputs: ChatInput, context: Context) -> ChatOutput:
        answer = _Answer(context)
        async with connected(inputs.connection, context) as client:
            model = Model(client, inputs.connection, inputs.model)
            async for piece in model.stream(inputs.messages, **_sampling(inputs)):
                await answer.add(piece)
        return answer.outputs()


def _sampling(inputs: ChatInput) -> dict[str, Any]:
    """The parameters of the protocol that were given."""
    given = {"temperature": inputs.temperature, "max_tokens": inputs.maxTokens}
    return {name: value for name, value in given.items() if value is not None}


class _Answer:
    """What has come of an answer."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._texts: list[str] = []
        self._length = 0
        self._usage: dict[str, Any] = {}

    async def add(self, piece: Piece) -> None:
        self._usage = piece.usage or self._usage
        for choice in piece.choices[:1]:
            if choice.delta.content:
                await self._say(choice.delta.content)
            raise_for_refusal(choice.delta, choice.finish_reason)
            if choice.finish_reason == CUT:
                self._context.log("The answer was cut: it has as many tokens as it may have.")

    async def _say(self, text: str) -> None:
        self._length += len(text)
        if self._length > TEXT_LIMIT:
            raise ModelFailed(f"The model's answer has more than {TEXT_LIMIT} characters.")
        self._texts.append(text)
        await self._context.chunk("stream", text)

    def outputs(self) -> ChatOutput:
        return ChatOutput.model_validate({"text": "".join(self._texts), "usage": self._usage})
