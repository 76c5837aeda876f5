"""A conversation with a model that uses tools, as it is remembered while flows that are tools run."""

from collections.abc import Iterator
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict

from engine.ai.messages import Completion, Message, ToolCall
from engine.ai.tools import Tool
from engine.errors import NodeError
from engine.json_text import InvalidJson, parse_json
from engine.secret_reference import contains_reference
from engine.values import VALUE_LIMIT

ToolT = TypeVar("ToolT", bound=Tool)


class Conversation(BaseModel):
    """What was said, the tokens that it took, and how often the model was asked.

    `awaited` are the ids of the calls whose flows run, in the order of their runs.
    """

    model_config = ConfigDict(extra="forbid")

    messages: list[Message]
    usage: dict[str, Any] = {}
    rounds: int = 0
    awaited: list[str] = []
    _length: int = 0

    def add(self, completion: Completion) -> None:
        """Take what the model has said; raises `NodeError` if that makes the conversation too long."""
        self._append(completion.choices[0].message.as_message())
        self.usage = _sum(self.usage, completion.usage or {})
        self.rounds += 1

    @property
    def text(self) -> str:
        """What was said last."""
        content = self.messages[-1].content
        return content if isinstance(content, str) else ""

    def open_calls(self) -> Iterator[ToolCall]:
        """The calls of the model that have no answer yet."""
        # Only what came after them: some services count the ids of calls from the start in each round.
        asked, answers = _last_round(self.messages)
        answered = {_field(message, "tool_call_id") for message in answers}
        for call in (asked and _field(asked, "tool_calls")) or ():
            if call["id"] not in answered:
                yield ToolCall.model_validate(call)

    def answer(self, call_id: str, value: Any) -> None:
        """Give the model the answer of a tool; raises `NodeError` if that makes the conversation too long."""
        content = value if isinstance(value, str) else orjson.dumps(value).decode()
        self._append({"role": "tool", "tool_call_id": call_id, "content": content})

    def answer_error(self, call_id: str, message: str) -> None:
        """Tell the model what went wrong, so that it can do something about it."""
        self.answer(call_id, f"Error: {message}")

    def _append(self, data: dict[str, Any]) -> None:
        self.messages.append(message := Message.model_validate(data))
        self._length += len(message.model_dump_json())
        if self._length > VALUE_LIMIT:
            raise NodeError(f"The conversation has more than {VALUE_LIMIT} characters, which no output could have.")

    def plain(self) -> dict[str, Any]:
        """The conversation as JSON."""
        return self.model_dump(mode="json", exclude_unset=True)

    def plain_messages(self) -> list[dict[str, Any]]:
        """The messages as JSON."""
        return [message.model_dump(mode="json", exclude_unset=True) for message in self.messages]


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """What the model calls a tool with; raises `NodeError` where it is no JSON object."""
    try:
        arguments = parse_json(call.function.arguments or "{}")
    except InvalidJson as error:
        raise NodeError(f"The arguments are no JSON: {error.message}") from None
    if not isinstance(arguments, dict):
        raise NodeError("The arguments are no JSON object.")
    if contains_reference(arguments):
        # A model says what it has read somewhere, and must not choose which secret goes where.
        raise NodeError("The arguments refer to a secret, which is only for whoever writes the flow.")
    return arguments


def called_tool(call: ToolCall, tools: dict[str, Tool]) -> Tool:
    """The tool that the model calls; raises `NodeError` if there is none."""
    tool = tools.get(call.function.name)
    if tool is None:
        raise NodeError(f"There is no tool {call.function.name[:100]!r}; there are {', '.join(tools) or 'none'}.")
    return tool


def _last_round(messages: list[Message]) -> tuple[Message | None, list[Message]]:
    """What the model has said last, and the answers of tools to it."""
    answers: list[Message] = []
    for message in reversed(messages):
        if message.role == "assistant":
            return message, answers
        if message.role == "tool":
            answers.append(message)
    return None, answers


def _field(message: Message, name: str) -> Any:
    return (message.model_extra or {}).get(name)


def _sum(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Add up what was counted; what is no number is what was said last."""
    summed = dict(one)
    for name, value in other.items():
        both = isinstance(value, (int, float)) and isinstance(one.get(name), (int, float))
        summed[name] = one[name] + value if both else value
    return summed
