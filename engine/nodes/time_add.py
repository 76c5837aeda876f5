"""time.add: moves a point in time."""

from typing import Annotated

from pydantic import Field

from engine.moments import TEN_YEARS_MS, iso_text, later, parse_iso
from engine.node import Context, Input, Node, Output

REACH_MS = 1_000 * TEN_YEARS_MS


class AddInput(Input):
    iso: str = Field(description="The time in ISO 8601; without an offset it is taken as UTC.")
    durationMs: Annotated[int | float, Field(ge=-REACH_MS, le=REACH_MS)] = Field(
        description="How many milliseconds later; a negative number goes back."
    )


class AddOutput(Output):
    iso: str = Field(description="The other time in ISO 8601, with the same offset.")


class Add(Node[AddInput, AddOutput]):
    """Moves a point in time by a number of milliseconds. It counts real time and knows nothing of days that a clock
    change makes longer or shorter."""

    type = "time.add"
    pure = True

    async def run(self, inputs: AddInput, context: Context) -> AddOutput:
        return AddOutput(iso=iso_text(later(parse_iso(inputs.iso, "iso"), inputs.durationMs)))
