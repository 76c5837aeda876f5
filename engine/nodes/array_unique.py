"""array.unique: drops repeated items."""

from collections.abc import Hashable
from typing import Any

from pydantic import Field

from engine.equality import identity
from engine.node import Context, Input, Node, Output


class UniqueInput(Input):
    array: list[Any] = Field(description="The array.")


class UniqueOutput(Output):
    result: list[Any] = Field(description="Its items without the repetitions, in the same order.")


class Unique(Node[UniqueInput, UniqueOutput]):
    """Keeps the first of equal items. Items are equal by kind and content: 1 equals 1.0, true does not equal 1, and
    the order of an object's keys does not count."""

    type = "array.unique"
    pure = True

    async def run(self, inputs: UniqueInput, context: Context) -> UniqueOutput:
        first: dict[Hashable, Any] = {}
        for item in inputs.array:
            first.setdefault(identity(item), item)
        return UniqueOutput(result=list(first.values()))
