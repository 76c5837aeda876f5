"""array.flatten: takes arrays out of an array."""

from itertools import chain
from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class FlattenInput(Input):
    array: list[Any] = Field(description="The array; its items may be arrays or anything else.")


class FlattenOutput(Output):
    result: list[Any] = Field(description="All items, those of inner arrays among them.")


class Flatten(Node[FlattenInput, FlattenOutput]):
    """Puts the items of inner arrays in the place of those: [1, [2, [3]]] becomes [1, 2, [3]]. What is deeper stays."""

    type = "array.flatten"
    pure = True

    async def run(self, inputs: FlattenInput, context: Context) -> FlattenOutput:
        flat = chain.from_iterable(item if isinstance(item, list) else (item,) for item in inputs.array)
        return FlattenOutput(result=list(flat))
