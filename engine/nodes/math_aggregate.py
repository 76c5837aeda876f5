"""math.aggregate: makes one number of many."""

import statistics
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field

from engine.errors import NodeError
from engine.node import Context, Input, Node, Number, Output
from engine.numbers import checked_number, exact_sum, required_numbers

Aggregation = Literal["sum", "mean", "min", "max", "median", "count"]


class AggregateInput(Input):
    array: list[Any] = Field(description="The numbers.")
    operation: Aggregation = Field(description="What to make of them.")


class AggregateOutput(Output):
    result: Number = Field(description="An integer where the numbers and the outcome are exact, else a float.")


class Aggregate(Node[AggregateInput, AggregateOutput]):
    """Makes one number of many: their sum, mean, minimum, maximum, median or count. Sums and counts of nothing are 0;
    the other operations need at least one number."""

    type = "math.aggregate"
    pure = True

    async def run(self, inputs: AggregateInput, context: Context) -> AggregateOutput:
        numbers = required_numbers(inputs.array, "array")
        if not numbers and inputs.operation not in ("sum", "count"):
            raise NodeError(f"The {inputs.operation} of an empty array does not exist.")
        return AggregateOutput(result=_aggregated(inputs.operation, numbers))


def _aggregated(operation: Aggregation, numbers: list[Number]) -> Number:
    try:
        return checked_number(AGGREGATIONS[operation](numbers), f"The {operation}")
    except OverflowError:
        raise NodeError(f"The {operation} is out of range.") from None


def _mean(numbers: list[Number]) -> Number:
    total, count = exact_sum(numbers), len(numbers)
    return total // count if isinstance(total, int) and total % count == 0 else total / count


def _median(numbers: list[Number]) -> Number:
    if len(numbers) % 2:
        return statistics.median(numbers)
    return _mean([statistics.median_low(numbers), statistics.median_high(numbers)])


AGGREGATIONS: Mapping[Aggregation, Callable[[list[Number]], Number]] = {
    "sum": exact_sum,
    "mean": _mean,
    "min": min,
    "max": max,
    "median": _median,
    "count": len,
}
