"""How much one user may ask of this process: operations a second, and streams and sockets at once.

Each process counts for itself: behind N of them a user may have up to N times as much.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import RateLimited

BURST_SECONDS = 10.0
"""Whoever has asked for nothing this long may ask for as much at once as in this time."""

MOST_USERS = 10_000
TRY_AGAIN_SECONDS = 1.0


class Quotas:
    """What each user has used; None is no limit."""

    def __init__(self, per_second: float | None = None, streams: int | None = None) -> None:
        self._per_second = per_second
        self._most_streams = streams
        # When a user will have the whole burst again, if nothing more is asked.
        self._full_at: dict[str, float] = {}
        self._streams: Counter[str] = Counter()

    def take(self, user_id: str) -> None:
        """Count an operation; raises `RateLimited` for one too many, which does not count."""
        if self._per_second is None:
            return
        now = time.monotonic()
        full_at = max(self._full_at.get(user_id, now), now) + 1 / self._per_second
        if (excess := full_at - now - BURST_SECONDS) > 0:
            raise RateLimited(f"At most {self._per_second:g} operations a second.", retry_after=excess)
        self._full_at[user_id] = full_at
        if len(self._full_at) > MOST_USERS:
            self._full_at = {user: at for user, at in self._full_at.items() if at > now}

    @contextmanager
    def stream(self, user_id: str) -> Iterator[None]:
        """Count a stream or socket while it lasts; raises `RateLimited` for one too many."""
        if self._most_streams is not None and self._streams[user_id] >= self._most_streams:
            said = f"At most {self._most_streams} streams and sockets at once."
            raise RateLimited(said, retry_after=TRY_AGAIN_SECONDS)
        self._streams[user_id] += 1
        try:
            yield
        finally:
            self._streams[user_id] -= 1
            if not self._streams[user_id]:
                del self._streams[user_id]
