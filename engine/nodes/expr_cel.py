"""expr.cel: evaluates an expression."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.evaluation import evaluate_once, expression_problems
from engine.node import Context, Input, Node, Output


class CelInput(Input):
    expression: str = Field(description="The expression, in the Common Expression Language.")
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expression sees: each key of this object under its own name."
    )


class CelOutput(Output):
    result: Any = Field(
        description="What it comes to; a timestamp as text in ISO 8601, a duration in milliseconds, the keys of an "
        "object in alphabetical order."
    )


class Cel(Node[CelInput, CelOutput]):
    """Evaluates an expression in the Common Expression Language, such as price * qty > 100.0. Integers and floats are
    not mixed: double(qty) makes a float of an integer."""

    type = "expr.cel"
    title = "Expression (CEL)"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return expression_problems(constants)

    async def run(self, inputs: CelInput, context: Context) -> CelOutput:
        with attributed("expression"):
            return CelOutput(result=await evaluate_once(inputs.expression, inputs.values))
