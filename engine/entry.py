"""An event in its place in the log."""

from dataclasses import dataclass
from datetime import UTC, datetime

from engine.events import Event


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its index and its time, in whole milliseconds since 1970 by the database's clock."""

    index: int
    at: int
    event: Event


def milliseconds(time: datetime) -> int:
    """Turn a time into whole milliseconds since 1970."""
    return round(time.timestamp() * 1000)


def time_text(at: int) -> str:
    """Write milliseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{at % 1000:03d}Z"


def parse_time(text: str) -> int:
    """Read what `time_text` wrote."""
    return milliseconds(datetime.fromisoformat(text))
