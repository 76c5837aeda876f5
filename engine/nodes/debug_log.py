"""debug.log: writes a message to the node's log."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.values import encode


class LogInput(Input):
    message: Any = Field(description="What to write; anything that is not a text is written as JSON.")
    value: Any = Field(default=None, description="What to pass on.")


class LogOutput(Output):
    value: Any = Field(default=None, description="The value, where one was given.")


class Log(Node[LogInput, LogOutput]):
    """Writes a message to the log of the execution and passes the value on."""

    type = "debug.log"
    safe = True

    async def run(self, inputs: LogInput, context: Context) -> LogOutput:
        text = inputs.message if isinstance(inputs.message, str) else encode(inputs.message).decode()
        context.log(text)
        return LogOutput(value=inputs.value) if "value" in inputs.model_fields_set else LogOutput()
