"""array.length: counts the items of an array."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class ArrayLengthInput(Input):
    array: list[Any] = Field(description="The array.")


class ArrayLengthOutput(Output):
    result: int = Field(description="How many items it has.")


class ArrayLength(Node[ArrayLengthInput, ArrayLengthOutput]):
    """Counts the items of an array."""

    type = "array.length"
    pure = True

    async def run(self, inputs: ArrayLengthInput, context: Context) -> ArrayLengthOutput:
        return ArrayLengthOutput(result=len(inputs.array))
