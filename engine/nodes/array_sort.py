"""array.sort: puts items in order."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.errors import NodeError
from engine.evaluation import evaluate_each, expression_problems
from engine.node import Context, Input, Node, Output
from engine.ports import PortKind, kind_of_value

SORTABLE = (PortKind.NUMBER, PortKind.STRING, PortKind.BOOLEAN)


class SortInput(Input):
    array: list[Any] = Field(description="The items.")
    expression: str | None = Field(
        default=None,
        description="What to sort by: a CEL expression that sees `item` and `index`; without it the items themselves.",
    )
    descending: bool = Field(default=False, description="Put the greatest first.")
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expression sees besides: each key under its own name."
    )


class SortOutput(Output):
    result: list[Any] = Field(description="The items in order; equal ones stay in the order that they had.")


class Sort(Node[SortInput, SortOutput]):
    """Sorts an array by its items or by an expression on each, such as item.price. What is sorted by must be all
    numbers, all texts or all booleans; texts are compared by code point."""

    type = "array.sort"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return expression_problems(constants)

    async def run(self, inputs: SortInput, context: Context) -> SortOutput:
        keys = await _keys(inputs)
        _require_one_kind(keys, "array" if inputs.expression is None else "expression")
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=inputs.descending)
        return SortOutput(result=[inputs.array[index] for index in order])


async def _keys(inputs: SortInput) -> list[Any]:
    if inputs.expression is None:
        return inputs.array
    with attributed("expression"):
        return await evaluate_each(inputs.expression, inputs.array, inputs.values)


def _require_one_kind(keys: list[Any], port: str) -> None:
    kinds = [kind_of_value(key) for key in keys]
    for index, kind in enumerate(kinds):
        if kind not in SORTABLE:
            raise NodeError(f"Input '{port}': item {index} gives {kind or 'null'}, which has no order.")
        if kind is not kinds[0]:
            raise NodeError(f"Input '{port}': item 0 gives {kinds[0]} but item {index} {kind}.")
