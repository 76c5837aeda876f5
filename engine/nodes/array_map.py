"""array.map: makes something of each item."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.evaluation import evaluate_each, expression_problems
from engine.node import Context, Input, Node, Output


class MapInput(Input):
    array: list[Any] = Field(description="The items.")
    expression: str = Field(description="What to make of each: a CEL expression that sees `item` and `index`.")
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expression sees besides: each key under its own name."
    )


class MapOutput(Output):
    result: list[Any] = Field(
        description="What the expression made of each item, in the same order; the keys of objects are alphabetical."
    )


class Map(Node[MapInput, MapOutput]):
    """Evaluates an expression for each item of an array, such as item.price * 2, and gives the results."""

    type = "array.map"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return expression_problems(constants)

    async def run(self, inputs: MapInput, context: Context) -> MapOutput:
        with attributed("expression"):
            return MapOutput(result=await evaluate_each(inputs.expression, inputs.array, inputs.values))
