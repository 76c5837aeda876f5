"""array.sum: adds numbers up."""

from typing import Any

from pydantic import Field

from engine.errors import NodeError
from engine.node import Context, Input, Node, Number, Output
from engine.numbers import checked_number, exact_sum, required_numbers


class SumInput(Input):
    array: list[Any] = Field(description="The numbers.")


class SumOutput(Output):
    result: Number = Field(description="Their sum, an integer where all of them are; 0 for an empty array.")


class Sum(Node[SumInput, SumOutput]):
    """Adds up the numbers of an array: 1, 2 and 3.5 are 6.5. Other operations are in math.aggregate."""

    type = "array.sum"
    pure = True

    async def run(self, inputs: SumInput, context: Context) -> SumOutput:
        try:
            total = exact_sum(required_numbers(inputs.array, "array"))
        except OverflowError:
            raise NodeError("The sum is out of range.") from None
        return SumOutput(result=checked_number(total, "The sum"))
