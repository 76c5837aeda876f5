"""Points in time as nodes read and write them: ISO 8601, to the millisecond.

In UTC the text is exactly `YYYY-MM-DDTHH:MM:SS.mmmZ`; with another offset that offset stands in the place of `Z`.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import InputError, NodeError

TEXT_LIMIT = 200
TEN_YEARS_MS = 315_576_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_iso(text: str, port: str) -> datetime:
    """Read ISO 8601; a text without an offset is taken as UTC. Raises `InputError` that names the port."""
    moment = parse_iso_as_given(text, port)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_iso_as_given(text: str, port: str) -> datetime:
    """Read ISO 8601; the result has an offset only when the text has one."""
    try:
        return datetime.fromisoformat(text[:TEXT_LIMIT])
    except ValueError:
        raise InputError(f"Input '{port}': {text[:TEXT_LIMIT]!r} is not a time in ISO 8601.") from None


def iso_text(moment: datetime) -> str:
    """Write a moment that has an offset."""
    text = moment.isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def epoch_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 in UTC; a fraction is dropped."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def later(moment: datetime, milliseconds: float) -> datetime:
    """The moment so many milliseconds later; raises `NodeError` outside of the years 1 to 9999."""
    try:
        return moment + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise NodeError("The time is outside of the years 1 to 9999.") from None


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The same moment on the clocks of a zone."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise NodeError("The time is outside of the years 1 to 9999.") from None


def time_zone(name: str, port: str) -> tzinfo:
    """Find a time zone by its IANA name; raises `InputError` that names the port."""
    zone = find_zone(name)
    if zone is None:
        raise InputError(f"Input '{port}': there is no time zone {name[:TEXT_LIMIT]!r}.")
    return zone


def find_zone(name: str) -> tzinfo | None:
    """The time zone of an IANA name, if there is one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
