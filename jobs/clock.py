"""The database's time, told between two looks at it by this machine's monotonic clock."""

import time
from datetime import datetime

from engine.entry import milliseconds


class DatabaseClock:
    """Tells milliseconds since 1970 as the database counts them; this machine's own date is never used."""

    def __init__(self) -> None:
        self._offset: float | None = None

    def set(self, now: datetime) -> None:
        """Take over the database's time, just received."""
        self._offset = milliseconds(now) - time.monotonic() * 1000

    def now(self) -> int:
        """Milliseconds since 1970; raises RuntimeError before the first `set`."""
        if self._offset is None:
            raise RuntimeError("The database's time is not known yet.")
        return round(self._offset + time.monotonic() * 1000)
