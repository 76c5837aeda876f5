"""array.concat: makes one array of many."""

from itertools import chain
from typing import Annotated, Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Many


class ConcatInput(Input):
    arrays: Annotated[list[list[Any]], Many()] = Field(description="The arrays, each from an edge of its own.")


class ConcatOutput(Output):
    result: list[Any] = Field(description="All of their items.")


class Concat(Node[ConcatInput, ConcatOutput]):
    """Puts arrays one after another, in the order of the edges: [1, 2] and [3] become [1, 2, 3]. Ways that were not
    taken count for nothing."""

    type = "array.concat"
    pure = True

    async def run(self, inputs: ConcatInput, context: Context) -> ConcatOutput:
        return ConcatOutput(result=list(chain.from_iterable(inputs.arrays)))
