"""array.range: counts."""

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Output

ITEMS_LIMIT = 1_000_000


class RangeInput(Input):
    start: int = Field(default=0, description="The first number.")
    end: int = Field(description="Where to stop: the first number that is not in the array any more.")
    step: int = Field(default=1, description="How far it is to the next number; negative counts down.")


class RangeOutput(Output):
    result: list[int] = Field(description="The numbers.")


class Range(Node[RangeInput, RangeOutput]):
    """Counts from a start to before an end: 1 to 4 gives 1, 2, 3, and 6 to 0 by -2 gives 6, 4, 2. An end that the steps
    do not lead to gives an empty array; there are at most a million numbers."""

    type = "array.range"
    pure = True

    async def run(self, inputs: RangeInput, context: Context) -> RangeOutput:
        if inputs.step == 0:
            raise InputError("Input 'step': it is 0, which leads nowhere.")
        # What is between the ends can be more than a range can count.
        count = max(-(-(inputs.end - inputs.start) // inputs.step), 0)
        if count > ITEMS_LIMIT:
            raise InputError(f"Input 'end': the array would have {count} items; the limit is {ITEMS_LIMIT}.")
        return RangeOutput(result=list(range(inputs.start, inputs.end, inputs.step)))
