"""array.filter: keeps some items."""

from collections.abc import Mapping
from itertools import compress
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.evaluation import expression_problems, judge_each
from engine.node import Context, Input, Node, Output


class FilterInput(Input):
    array: list[Any] = Field(description="The items.")
    expression: str = Field(
        description="Which to keep: a CEL expression that sees `item` and `index` and is true or false."
    )
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expression sees besides: each key under its own name."
    )


class FilterOutput(Output):
    result: list[Any] = Field(description="The items for which the expression is true, in the same order.")


class Filter(Node[FilterInput, FilterOutput]):
    """Keeps the items of an array for which an expression is true, such as item.price > 10."""

    type = "array.filter"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return expression_problems(constants)

    async def run(self, inputs: FilterInput, context: Context) -> FilterOutput:
        with attributed("expression"):
            verdicts = await judge_each(inputs.expression, inputs.array, inputs.values)
        return FilterOutput(result=list(compress(inputs.array, verdicts)))
