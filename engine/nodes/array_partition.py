"""array.partition: parts items into two arrays."""

from collections.abc import Mapping
from itertools import compress
from operator import not_
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.evaluation import expression_problems, judge_each
from engine.node import Context, Input, Node, Output


class PartitionInput(Input):
    array: list[Any] = Field(description="The items.")
    expression: str = Field(
        description="Which belong to the matched: a CEL expression that sees `item` and `index` and is true or false."
    )
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expression sees besides: each key under its own name."
    )


class PartitionOutput(Output):
    matched: list[Any] = Field(description="The items for which the expression is true, in the same order.")
    rest: list[Any] = Field(description="The others, in the same order.")


class Partition(Node[PartitionInput, PartitionOutput]):
    """Parts an array into the items for which an expression is true, such as item.paid, and the rest."""

    type = "array.partition"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return expression_problems(constants)

    async def run(self, inputs: PartitionInput, context: Context) -> PartitionOutput:
        with attributed("expression"):
            verdicts = await judge_each(inputs.expression, inputs.array, inputs.values)
        matched, rest = compress(inputs.array, verdicts), compress(inputs.array, map(not_, verdicts))
        return PartitionOutput(matched=list(matched), rest=list(rest))
