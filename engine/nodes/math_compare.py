"""math.compare: compares two numbers."""

import operator
from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import Field

from engine.node import Context, Input, Node, Number, Output

Comparison = Literal["eq", "ne", "lt", "le", "gt", "ge"]


class CompareInput(Input):
    a: Number = Field(description="The left number.")
    b: Number = Field(description="The right number.")
    operation: Comparison = Field(
        description="eq: equal, ne: not equal, lt: less, le: less or equal, gt: greater, ge: greater or equal."
    )


class CompareOutput(Output):
    result: bool = Field(description="Whether the comparison holds.")


class Compare(Node[CompareInput, CompareOutput]):
    """Compares two numbers by value: 1 equals 1.0."""

    type = "math.compare"
    pure = True

    async def run(self, inputs: CompareInput, context: Context) -> CompareOutput:
        return CompareOutput(result=COMPARISONS[inputs.operation](inputs.a, inputs.b))


COMPARISONS: Mapping[Comparison, Callable[[Number, Number], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
