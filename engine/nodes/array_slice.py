"""array.slice: takes a part of an array."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class SliceInput(Input):
    array: list[Any] = Field(description="The array.")
    start: int | None = Field(
        default=None, description="The index of the first item to take; negative counts from the end."
    )
    end: int | None = Field(
        default=None, description="The index of the first item to leave; negative counts from the end."
    )


class SliceOutput(Output):
    result: list[Any] = Field(description="The items from the start to before the end.")


class Slice(Node[SliceInput, SliceOutput]):
    """Takes the items from one index to before another. Negative indexes count from the end; indexes beyond the array
    are no error and give fewer items."""

    type = "array.slice"
    pure = True

    async def run(self, inputs: SliceInput, context: Context) -> SliceOutput:
        return SliceOutput(result=inputs.array[inputs.start : inputs.end])
