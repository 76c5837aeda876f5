"""array.reverse: turns an array around."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class ReverseInput(Input):
    array: list[Any] = Field(description="The array.")


class ReverseOutput(Output):
    result: list[Any] = Field(description="Its items, the last one first.")


class Reverse(Node[ReverseInput, ReverseOutput]):
    """Puts the items of an array in the opposite order: 1, 2, 3 becomes 3, 2, 1."""

    type = "array.reverse"
    pure = True

    async def run(self, inputs: ReverseInput, context: Context) -> ReverseOutput:
        return ReverseOutput(result=inputs.array[::-1])
