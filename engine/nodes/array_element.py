"""array.element: takes one item of an array."""

from typing import Any

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Output


class ElementInput(Input):
    array: list[Any] = Field(description="The array.")
    index: int = Field(description="Which item: 0 is the first one; -1 is the last one, -2 the one before.")


class ElementOutput(Output):
    result: Any = Field(description="The item.")


class Element(Node[ElementInput, ElementOutput]):
    """Takes the item at an index: 1 of a, b, c is b, and -1 is c. An index outside of the array fails."""

    type = "array.element"
    pure = True

    async def run(self, inputs: ElementInput, context: Context) -> ElementOutput:
        count = len(inputs.array)
        if not -count <= inputs.index < count:
            raise InputError(f"Input 'index': there is no item {inputs.index}; the array has {count}.")
        return ElementOutput(result=inputs.array[inputs.index])
