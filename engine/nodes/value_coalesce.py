"""value.coalesce: takes the first value that is not null."""

from typing import Annotated, Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Many


class CoalesceInput(Input):
    values: Annotated[list[Any], Many()] = Field(description="The candidates, each from an edge of its own.")


class CoalesceOutput(Output):
    result: Any = Field(description="The first value that is not null; null when there is none.")


class Coalesce(Node[CoalesceInput, CoalesceOutput]):
    """Takes the first of its values, in the order of the edges, that is not null. Ways that were not taken count for
    nothing."""

    type = "value.coalesce"
    pure = True

    async def run(self, inputs: CoalesceInput, context: Context) -> CoalesceOutput:
        return CoalesceOutput(result=next((value for value in inputs.values if value is not None), None))
