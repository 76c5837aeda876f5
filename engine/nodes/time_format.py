"""time.format: writes a point in time as a text."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.errors import InputError
from engine.moments import TEXT_LIMIT, in_zone, parse_iso, time_zone
from engine.node import Context, Input, Node, Output

# The codes that mean the same on every system; others allow widths, which can ask for gigabytes.
_CODES = re.compile(r"(?:[^%]|%[aAbBdfGHIjmMpSuUVwWyYzZ%])*\Z")


class FormatInput(Input):
    iso: str = Field(description="The time in ISO 8601; without an offset it is taken as UTC.")
    format: str = Field(
        max_length=TEXT_LIMIT, description="How to write it, in the codes of strftime, such as %d.%m.%Y %H:%M."
    )
    timeZone: str | None = Field(
        default=None, description="Whose clocks to read: an IANA name; without it those of the time's own offset."
    )


class FormatOutput(Output):
    text: str = Field(description="The text.")


class Format(Node[FormatInput, FormatOutput]):
    """Writes a point in time as a text, in the codes of strftime; names of days and months are English."""

    type = "time.format"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        pattern = constants.get("format")
        problem = _problem(pattern) if isinstance(pattern, str) else None
        return {"format": problem} if problem else {}

    async def run(self, inputs: FormatInput, context: Context) -> FormatOutput:
        if problem := _problem(inputs.format):
            raise InputError(f"Input 'format': {problem}")
        moment = parse_iso(inputs.iso, "iso")
        if inputs.timeZone is not None:
            moment = in_zone(moment, time_zone(inputs.timeZone, "timeZone"))
        return FormatOutput(text=moment.strftime(inputs.format))


def _problem(pattern: str) -> str | None:
    if _CODES.match(pattern):
        return None
    return f"{pattern[:TEXT_LIMIT]!r} has a % that is followed by none of the codes of strftime."
