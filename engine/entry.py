"""An event in its place in the log."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.event import Event

_EPOCH = datetime(1970, 1, 1)


@dataclass(slots=True)
class Entry:
    """An event with its index and its time, in whole milliseconds since 1970 by the database's clock."""

    index: int
    at: int
    event: Event
    _text: str | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The event's `data` as it is stored, encoded when it is first asked for."""
        text = self._text
        if text is None:
            text = self._text = self.event.encode().decode()
        return text


def milliseconds(time: datetime) -> int:
    """Turn a time with an offset into whole milliseconds since 1970."""
    return round(time.timestamp() * 1000)


def time_text(at: int) -> str:
    """Write milliseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.mmmZ`; raises OverflowError beyond the years 1 to 9999."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds") + "Z"


def parse_time(text: str) -> int:
    """Read what `time_text` wrote."""
    return milliseconds(datetime.fromisoformat(text))
