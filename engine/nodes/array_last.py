"""array.last: takes the last item of an array."""

from typing import Any

from pydantic import Field

from engine.errors import NodeError
from engine.node import Context, Input, Node, Output


class LastInput(Input):
    array: list[Any] = Field(description="The array; it needs at least one item.")


class LastOutput(Output):
    result: Any = Field(description="Its last item.")


class Last(Node[LastInput, LastOutput]):
    """Takes the last item of an array; an empty array fails."""

    type = "array.last"
    pure = True

    async def run(self, inputs: LastInput, context: Context) -> LastOutput:
        if not inputs.array:
            raise NodeError("Input 'array': the array is empty.")
        return LastOutput(result=inputs.array[-1])
