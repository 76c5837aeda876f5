"""number.format: writes a number for people."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import Field

from engine.attribution import attributed, text_problems
from engine.node import Context, Input, Node, Number, Output
from engine.number_patterns import PATTERN_LIMIT, compiled


class NumberFormatInput(Input):
    value: Number = Field(description="The number.")
    pattern: str | None = Field(
        default=None,
        max_length=PATTERN_LIMIT,
        description="How to write it, such as #,##0.00 or 0.#%: 0 is a digit that is always there, # one that is where "
        "it counts, the comma parts groups, % stands for a hundredth, and texts around it are in 'quotes'. Without a "
        "pattern all of its digits are written.",
    )


class NumberFormatOutput(Output):
    text: str = Field(description="The number as a text.")


class NumberFormat(Node[NumberFormatInput, NumberFormatOutput]):
    """Writes a number by a pattern of the Unicode CLDR: 1234.5 by #,##0.00 is 1,234.50. Ties are rounded to the even
    digit; point and comma are those of English."""

    type = "number.format"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return text_problems(constants, "pattern", compiled)

    async def run(self, inputs: NumberFormatInput, context: Context) -> NumberFormatOutput:
        number = Decimal(repr(inputs.value))
        if inputs.pattern is None:
            return NumberFormatOutput(text=f"{number:f}")
        with attributed("pattern"):
            return NumberFormatOutput(text=compiled(inputs.pattern).write(number))
