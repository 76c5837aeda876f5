"""flow.gate: lets a value through, or not."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class GateInput(Input):
    open: bool = Field(description="Whether the value passes.")
    value: Any = Field(description="What to let through.")


class GateOutput(Output):
    value: Any = Field(default=None, description="The same value; resolves only when the gate is open.")


class Gate(Node[GateInput, GateOutput]):
    """Lets the value through when it is open; when it is closed, whatever hangs on the value is skipped."""

    type = "flow.gate"
    pure = True

    async def run(self, inputs: GateInput, context: Context) -> GateOutput:
        return GateOutput(value=inputs.value) if inputs.open else GateOutput()
