"""The database's time, told between two looks at it by this machine's monotonic clock."""

import time
from datetime import datetime

from engine.entry import milliseconds


class DatabaseClock:
    """Tells milliseconds since 1970 as the database counts them; this machine's own date is never used."""

    def __init__(self) -> None:
        self._offset: float | None = None

    def set(self, now: datetime, *, asked: float) -> None:
        """Take over the database's time, just received, for which it was `asked` then by the monotonic clock.

        The answer may have been on its way, or have waited here, for any part of the time since: what it does not
        contradict stays, so that a late one does not set the clock back.
        """
        told = milliseconds(now)
        least, most = told - time.monotonic() * 1000, told - asked * 1000
        self._offset = least if self._offset is None else min(max(self._offset, least), most)

    def now(self) -> int:
        """Milliseconds since 1970; raises RuntimeError before the first `set`."""
        if self._offset is None:
            raise RuntimeError("The database's time is not known yet.")
        return round(self._offset + time.monotonic() * 1000)
