"""array.chunk: cuts an array into pieces."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class ChunkInput(Input):
    array: list[Any] = Field(description="The array.")
    size: int = Field(ge=1, description="How many items a piece has.")


class ChunkOutput(Output):
    result: list[Any] = Field(description="The pieces, which are arrays, in order; the last one has what is left.")


class Chunk(Node[ChunkInput, ChunkOutput]):
    """Cuts an array into arrays of a size: 1, 2, 3 by 2 becomes [1, 2] and [3]."""

    type = "array.chunk"
    pure = True

    async def run(self, inputs: ChunkInput, context: Context) -> ChunkOutput:
        array, size = inputs.array, inputs.size
        return ChunkOutput(result=[array[start : start + size] for start in range(0, len(array), size)])
