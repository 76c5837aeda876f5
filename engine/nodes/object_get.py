"""object.get: takes a part of an object."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.node import Context, Input, Node, Output
from engine.paths import NoSuchPart, get, parsed, path_problems


class GetInput(Input):
    object: dict[str, Any] = Field(description="The object.")
    path: str = Field(
        description='The way to the part, such as order.items[0].price; [-1] is the last item, and ["a.b"] a key with '
        "a point in it."
    )
    default: Any = Field(default=None, description="What to give where there is no such part; without it that fails.")


class GetOutput(Output):
    result: Any = Field(description="The part, else the default.")


class Get(Node[GetInput, GetOutput]):
    """Takes a part of an object by a path: items[0].price of an order is the price of its first item. Where the path
    leads nowhere it gives the default, or fails if it has none."""

    type = "object.get"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return path_problems(constants)

    async def run(self, inputs: GetInput, context: Context) -> GetOutput:
        with attributed("path"):
            steps = parsed(inputs.path)
            try:
                return GetOutput(result=get(inputs.object, steps))
            except NoSuchPart:
                if "default" not in inputs.model_fields_set:
                    raise
        return GetOutput(result=inputs.default)
