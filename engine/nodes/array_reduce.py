"""array.reduce: makes one value of many."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.evaluation import expression_problems, fold
from engine.node import Context, Input, Node, Output


class ReduceInput(Input):
    array: list[Any] = Field(description="The items.")
    expression: str = Field(
        description="The next result: a CEL expression that sees the last one as `acc`, `item` and `index`."
    )
    initial: Any = Field(description="The result to begin with, and the outcome for an empty array.")
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expression sees besides: each key under its own name."
    )


class ReduceOutput(Output):
    result: Any = Field(description="The last result.")


class Reduce(Node[ReduceInput, ReduceOutput]):
    """Goes through an array and carries a result along, such as acc + item.price, beginning with an initial value."""

    type = "array.reduce"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return expression_problems(constants)

    async def run(self, inputs: ReduceInput, context: Context) -> ReduceOutput:
        with attributed("expression"):
            return ReduceOutput(result=await fold(inputs.expression, inputs.array, inputs.values, inputs.initial))
