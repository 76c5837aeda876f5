"""number.parse: reads a number."""

import re

from pydantic import Field

from engine.attribution import attributed
from engine.errors import InputError
from engine.node import Context, Input, Node, Number, Output
from engine.numbers import checked_number

LENGTH_LIMIT = 1_000
SHOWN = 60

_NUMBER = re.compile(r"\s*([-+]?[0-9]+)(\.[0-9]+)?([eE][-+]?[0-9]+)?\s*\Z")


class NumberParseInput(Input):
    text: str = Field(max_length=LENGTH_LIMIT, description="The text; white space around the number is ignored.")


class NumberParseOutput(Output):
    result: Number = Field(description="The number; an integer where the text has neither point nor exponent.")


class NumberParse(Node[NumberParseInput, NumberParseOutput]):
    """Reads a number as programs write it: -12, 1234.5 or 1e3. Separators of thousands and units fail; text.replace
    takes them out before."""

    type = "number.parse"
    pure = True

    async def run(self, inputs: NumberParseInput, context: Context) -> NumberParseOutput:
        with attributed("text"):
            return NumberParseOutput(result=_number(inputs.text))


def _number(text: str) -> Number:
    found = _NUMBER.match(text)
    if not found:
        raise InputError(f"{text[:SHOWN]!r} is not a number; one is written as in -1234.5, without separators.")
    integer, fraction, exponent = found.groups()
    number = float(text) if fraction or exponent else int(integer)
    return checked_number(number, f"The number {text.strip()[:SHOWN]}")
