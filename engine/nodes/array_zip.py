"""array.zip: joins arrays item by item."""

from typing import Annotated, Any

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Output
from engine.ports import Many


class ZipInput(Input):
    arrays: Annotated[list[list[Any]], Many()] = Field(
        description="The arrays, each from an edge of its own and all of the same length."
    )


class ZipOutput(Output):
    result: list[Any] = Field(description="For each index an array of the items there.")


class Zip(Node[ZipInput, ZipOutput]):
    """Joins arrays item by item, in the order of the edges: [1, 2] and [a, b] become [1, a] and [2, b]. Arrays of
    different lengths fail; array.slice makes them equal."""

    type = "array.zip"
    pure = True

    async def run(self, inputs: ZipInput, context: Context) -> ZipOutput:
        for number, array in enumerate(inputs.arrays):
            if len(array) != len(inputs.arrays[0]):
                lengths = f"{len(inputs.arrays[0])} items but array {number} has {len(array)}"
                raise InputError(f"Input 'arrays': array 0 has {lengths}; they have to be of the same length.")
        return ZipOutput(result=[list(items) for items in zip(*inputs.arrays, strict=True)])
