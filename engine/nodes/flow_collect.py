"""flow.collect: gathers values into an array."""

from typing import Annotated, Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Many


class CollectInput(Input):
    items: Annotated[list[Any], Many()] = Field(description="The values, each from an edge of its own.")


class CollectOutput(Output):
    items: list[Any] = Field(description="The values that arrived, in the order of the edges.")


class Collect(Node[CollectInput, CollectOutput]):
    """Gathers the values of all its edges into one array, in the order of the edges; ways that were not taken are left
    out."""

    type = "flow.collect"
    pure = True

    async def run(self, inputs: CollectInput, context: Context) -> CollectOutput:
        return CollectOutput(items=inputs.items)
