"""array.pluck: takes the same key of many objects."""

from typing import Any

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Output
from engine.ports import kind_of_value
from engine.spelling import SHOWN, did_you_mean


class PluckInput(Input):
    array: list[Any] = Field(description="The objects.")
    key: str = Field(description="The key that each of them has.")


class PluckOutput(Output):
    result: list[Any] = Field(description="What each object has under the key, in the same order.")


class Pluck(Node[PluckInput, PluckOutput]):
    """Takes what each object of an array has under a key: id of many orders gives their ids. An object without the key
    fails; has(item.key) in array.filter takes such out before."""

    type = "array.pluck"
    pure = True

    async def run(self, inputs: PluckInput, context: Context) -> PluckOutput:
        return PluckOutput(result=[_plucked(item, inputs.key, index) for index, item in enumerate(inputs.array)])


def _plucked(item: Any, key: str, index: int) -> Any:
    if not isinstance(item, dict):
        raise InputError(f"Input 'array': item {index} is of kind {kind_of_value(item) or 'null'}; expected object.")
    if key not in item:
        raise InputError(f"Input 'key': item {index} has no key {key[:SHOWN]!r}.{did_you_mean(key, item)}")
    return item[key]
