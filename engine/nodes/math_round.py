"""math.round: rounds a number to decimal digits."""

import decimal
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from pydantic import Field

from engine.node import Context, Input, Node, Number, Output
from engine.numbers import checked_number

Mode = Literal["half_even", "half_up", "floor", "ceil", "truncate"]
DIGITS_LIMIT = 30

MODES: Mapping[Mode, str] = {
    "half_even": decimal.ROUND_HALF_EVEN,
    "half_up": decimal.ROUND_HALF_UP,
    "floor": decimal.ROUND_FLOOR,
    "ceil": decimal.ROUND_CEILING,
    "truncate": decimal.ROUND_DOWN,
}

# Enough to hold any float with all its digits and the digits that are asked for.
_CONTEXT = decimal.Context(prec=400)


class RoundInput(Input):
    value: Number = Field(description="The number to round.")
    digits: int = Field(
        default=0,
        ge=-DIGITS_LIMIT,
        le=DIGITS_LIMIT,
        description="How many decimal places to keep; negative rounds to tens, hundreds and so on.",
    )
    mode: Mode = Field(
        default="half_even",
        description="half_even: a tie goes to the even digit, half_up: away from zero, floor: down, ceil: up, "
        "truncate: towards zero.",
    )


class RoundOutput(Output):
    result: Number = Field(description="The rounded number; an integer where no decimal places are kept.")


class Round(Node[RoundInput, RoundOutput]):
    """Rounds a number as it is written in decimal: 2.675 rounded half up to two digits is 2.68."""

    type = "math.round"
    pure = True

    async def run(self, inputs: RoundInput, context: Context) -> RoundOutput:
        return RoundOutput(result=checked_number(_rounded(inputs), "The rounded number"))


def _rounded(inputs: RoundInput) -> Number:
    if isinstance(inputs.value, int) and inputs.digits >= 0:
        return inputs.value
    place = Decimal(1).scaleb(-inputs.digits)
    result = Decimal(repr(inputs.value)).quantize(place, rounding=MODES[inputs.mode], context=_CONTEXT)
    return int(result) if inputs.digits <= 0 else float(result)
