"""array.first: takes the first item of an array."""

from typing import Any

from pydantic import Field

from engine.errors import NodeError
from engine.node import Context, Input, Node, Output


class FirstInput(Input):
    array: list[Any] = Field(description="The array; it needs at least one item.")


class FirstOutput(Output):
    result: Any = Field(description="Its first item.")


class First(Node[FirstInput, FirstOutput]):
    """Takes the first item of an array; an empty array fails."""

    type = "array.first"
    pure = True

    async def run(self, inputs: FirstInput, context: Context) -> FirstOutput:
        if not inputs.array:
            raise NodeError("Input 'array': the array is empty.")
        return FirstOutput(result=inputs.array[0])
