"""logic.and, logic.or: join booleans."""

from typing import Annotated

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Many


class JunctionInput(Input):
    values: Annotated[list[bool], Many()] = Field(description="The booleans, each from an edge of its own.")


class JunctionOutput(Output):
    result: bool = Field(description="What they come to together.")


class And(Node[JunctionInput, JunctionOutput]):
    """True when all of its values are true."""

    type = "logic.and"
    pure = True

    async def run(self, inputs: JunctionInput, context: Context) -> JunctionOutput:
        return JunctionOutput(result=all(inputs.values))


class Or(Node[JunctionInput, JunctionOutput]):
    """True when at least one of its values is true."""

    type = "logic.or"
    pure = True

    async def run(self, inputs: JunctionInput, context: Context) -> JunctionOutput:
        return JunctionOutput(result=any(inputs.values))
