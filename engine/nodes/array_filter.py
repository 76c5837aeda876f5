"""array.filter: keeps some items."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.errors import NodeError
from engine.evaluation import evaluate_each, expression_problems
from engine.node import Context, Input, Node, Output
from engine.ports import kind_of_value


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
            verdicts = await evaluate_each(inputs.expression, inputs.array, inputs.values)
        return FilterOutput(result=_kept(inputs.array, verdicts))


def _kept(items: list[Any], verdicts: list[Any]) -> list[Any]:
    for index, verdict in enumerate(verdicts):
        if not isinstance(verdict, bool):
            kind = kind_of_value(verdict) or "null"
            raise NodeError(f"Input 'expression': item {index} gave {kind}; expected boolean.")
    return [item for item, verdict in zip(items, verdicts, strict=True) if verdict]
