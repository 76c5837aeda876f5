"""object.set: changes a part of an object."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.node import Context, Input, Node, Output
from engine.paths import parsed, path_problems, with_part


class SetInput(Input):
    object: dict[str, Any] = Field(description="The object; it stays as it is.")
    path: str = Field(
        description="The way to the part, as in object.get; keys that are missing are made, items of arrays have to be "
        "there."
    )
    value: Any = Field(description="What to put there.")


class SetOutput(Output):
    result: dict[str, Any] = Field(description="The changed copy.")


class Set(Node[SetInput, SetOutput]):
    """Gives a copy of an object that has a value at a path: with status as paid, {id: 7} becomes
    {id: 7, status: paid}."""

    type = "object.set"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return path_problems(constants)

    async def run(self, inputs: SetInput, context: Context) -> SetOutput:
        with attributed("path"):
            return SetOutput(result=with_part(inputs.object, parsed(inputs.path), inputs.value))
