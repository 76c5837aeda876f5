"""array.group_by: puts items that belong together into groups."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.evaluation import evaluate_each, expression_problems, require_each
from engine.node import Context, Input, Node, Output
from engine.ports import PortKind


class GroupByInput(Input):
    array: list[Any] = Field(description="The items.")
    expression: str = Field(
        description="The name of an item's group: a CEL expression that sees `item` and `index` and gives a text; "
        "string(item.year) makes one of a number."
    )
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expression sees besides: each key under its own name."
    )


class GroupByOutput(Output):
    result: dict[str, list[Any]] = Field(
        description="The items by group, both in the order in which they come in the array."
    )


class GroupBy(Node[GroupByInput, GroupByOutput]):
    """Groups the items of an array by an expression, such as item.country, to an object that has an array for each of
    its values."""

    type = "array.group_by"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return expression_problems(constants)

    async def run(self, inputs: GroupByInput, context: Context) -> GroupByOutput:
        with attributed("expression"):
            results = await evaluate_each(inputs.expression, inputs.array, inputs.values)
            names: list[str] = require_each(results, PortKind.STRING)
        groups = defaultdict(list)
        for name, item in zip(names, inputs.array, strict=True):
            groups[name].append(item)
        return GroupByOutput(result=groups)
