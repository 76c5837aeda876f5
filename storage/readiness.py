"""Whether this process can do its work, looked at cheaply however often it is asked."""

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from storage.migrate import Standing, standing
from storage.pool import DATABASE_TROUBLE
from storage.workers import seconds_since_last_beat

KEEP_SECONDS = 1.0
"""For how long an answer is given again."""

LOOK_SECONDS = 2.0
"""How long a look at the database may take, the wait for a connection included."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look has found: why the database cannot be used (None: it can), how its tables stand, and how many seconds
    ago any worker has beaten (None: there is no worker, or the tables are not there)."""

    trouble: str | None
    standing: Standing | None = None
    beat_seconds: float | None = None


class Readiness:
    """Looks at the database, at most once in `KEEP_SECONDS` and never twice at the same time."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._turn = asyncio.Lock()
        self._looked_at = -KEEP_SECONDS
        self._found = Look("It was not looked at yet.")

    async def look(self) -> Look:
        """How the database stands, as of a second ago or less."""
        async with self._turn:
            if time.monotonic() - self._looked_at >= KEEP_SECONDS:
                self._found = await self._look()
                self._looked_at = time.monotonic()
            return self._found

    async def _look(self) -> Look:
        try:
            async with asyncio.timeout(LOOK_SECONDS), self._pool.acquire() as connection:
                found = await standing(connection)
                return Look(None, found, None if found.missing else await seconds_since_last_beat(connection))
        except TimeoutError:
            return Look(f"No answer within {LOOK_SECONDS:g} s.")
        except DATABASE_TROUBLE as error:
            # Its text may name hosts and users, and whoever asks need not be known.
            return Look(type(error).__name__)
