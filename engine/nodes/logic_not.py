"""logic.not: turns a boolean around."""

from pydantic import Field

from engine.node import Context, Input, Node, Output


class NotInput(Input):
    value: bool = Field(description="The boolean.")


class NotOutput(Output):
    result: bool = Field(description="Its opposite.")


class Not(Node[NotInput, NotOutput]):
    """True when its value is false, and the other way round."""

    type = "logic.not"
    pure = True

    async def run(self, inputs: NotInput, context: Context) -> NotOutput:
        return NotOutput(result=not inputs.value)
