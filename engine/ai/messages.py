"""What is said to a model and by it, and what a model's service answers.

Facts about the protocol: https://platform.openai.com/docs/api-reference/chat. Answers are read with tolerance, since
many services speak it, each with fields of its own.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.connection import Connection

TEXT_LIMIT = 4 * 1024 * 1024
"""Characters of an answer; more than any model says."""


class ModelConnection(Connection):
    """Where a model's service is: the address is that which `/chat/completions` follows."""

    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description='What else to send with each request, such as `{"reasoning_effort": "low"}`.',
    )


class Message(BaseModel):
    """One message of a conversation; further fields of the protocol are passed on as they are."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    role: Literal["system", "developer", "user", "assistant", "tool"] = Field(description="Who says it.")
    content: str | list[dict[str, Any]] | None = Field(
        default=None, description="What is said: a text, or the parts of a message in the protocol's form."
    )


Messages = Annotated[list[Message], Field(min_length=1)]


class Answered(BaseModel):
    """The base of what a service answers."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _empty_for_null(given: Any) -> Any:
    return [] if given is None else given


class Function(Answered):
    """Which tool a model calls, and with what: a JSON object as text."""

    name: str = ""
    arguments: str = ""


class ToolCall(Answered):
    """A model's call of a tool. `index` is the call's place, where calls come in pieces."""

    index: int | None = None
    id: str = ""
    function: Function = Function()


class Said(Answered):
    """What a model says, or a piece of it."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: Annotated[list[ToolCall], BeforeValidator(_empty_for_null)] = []

    def as_message(self) -> dict[str, Any]:
        """The message that goes back to the service with what follows."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.tool_calls:
            calls = [{"id": call.id, "type": "function", "function": dict(call.function)} for call in self.tool_calls]
            message["tool_calls"] = calls
        return message


class Choice(Answered):
    """One of the answers that a service gives; there is only one where one was asked for."""

    message: Said
    finish_reason: str | None = None


class Completion(Answered):
    """A whole answer. `usage` is what the service counted, in its own terms."""

    choices: Annotated[list[Choice], Field(min_length=1)]
    usage: dict[str, Any] | None = None


class PieceOfChoice(Answered):
    """What has come since the last piece."""

    delta: Said = Said()
    finish_reason: str | None = None


class Piece(Answered):
    """A piece of an answer that is streamed. The last ones may have nothing but the usage, or an error."""

    choices: Annotated[list[PieceOfChoice], BeforeValidator(_empty_for_null)] = []
    usage: dict[str, Any] | None = None
    error: Any = None
