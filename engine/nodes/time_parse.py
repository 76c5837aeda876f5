"""time.parse: reads a point in time from a text."""

from datetime import UTC, datetime

from pydantic import Field

from engine.errors import InputError
from engine.moments import TEXT_LIMIT, epoch_ms, iso_text, parse_iso
from engine.node import Context, Input, Node, Output


class ParseInput(Input):
    text: str = Field(max_length=TEXT_LIMIT, description="The text to read.")
    format: str | None = Field(
        default=None,
        max_length=TEXT_LIMIT,
        description="How it is written, in the codes of strptime, such as %d.%m.%Y %H:%M; without it ISO 8601.",
    )


class ParseOutput(Output):
    iso: str = Field(description="The time in ISO 8601 with its offset.")
    epochMs: int = Field(description="The time in milliseconds since 1970 in UTC.")


class Parse(Node[ParseInput, ParseOutput]):
    """Reads a point in time from a text. A text that states no offset is taken as UTC."""

    type = "time.parse"
    pure = True

    async def run(self, inputs: ParseInput, context: Context) -> ParseOutput:
        moment = parse_iso(inputs.text, "text") if inputs.format is None else _parsed(inputs.text, inputs.format)
        return ParseOutput(iso=iso_text(moment), epochMs=epoch_ms(moment))


def _parsed(text: str, pattern: str) -> datetime:
    try:
        moment = datetime.strptime(text, pattern)
    except ValueError as error:
        raise InputError(f"Input 'text': {error}.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
