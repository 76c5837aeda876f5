"""A worker's sign of life.

The beat is a counter that only the worker itself counts up, from its event loop, so that a loop that is stuck stops
beating. Whoever watches compares counters on a clock of their own: no two machines' clocks are ever compared.
"""

import asyncio
import logging
import time
from datetime import datetime

import asyncpg

from engine.errors import TidegateError
from jobs.clock import DatabaseClock
from jobs.metrics import LAST_BEAT
from storage.pool import DATABASE_TROUBLE
from storage.workers import beat

logger = logging.getLogger(__name__)

BEATS_PER_LEASE = 5


class WorkerGivenUp(TidegateError):
    """This worker was given up for lost: others run its executions now."""


class Heartbeat:
    """Beats several times in each lease, and knows how old the last good beat is. `lease` is in seconds."""

    def __init__(self, pool: asyncpg.Pool, worker_id: str, clock: DatabaseClock, lease: float) -> None:
        self._pool = pool
        self._worker_id = worker_id
        self._clock = clock
        self._lease = lease
        self._last_good = time.monotonic()

    @property
    def is_fresh(self) -> bool:
        """True while nobody can have given this worker up: the last good beat is younger than the lease."""
        return time.monotonic() - self._last_good < self._lease

    async def run(self) -> None:
        """Beat for ever; raises `WorkerGivenUp` when the worker's row is gone."""
        while True:
            await self.once()
            await asyncio.sleep(self._lease / BEATS_PER_LEASE)

    async def once(self) -> None:
        """Beat; a database that does not answer is no reason to stop, for the others do not hear us either."""
        asked = time.monotonic()
        try:
            async with asyncio.timeout(self._lease):
                now = await self._beat()
        except DATABASE_TROUBLE as error:
            logger.warning("The worker's beat did not reach the database (%s: %s).", type(error).__name__, error)
            return
        if now is None:
            raise WorkerGivenUp
        self._last_good = asked
        LAST_BEAT.set_to_current_time()
        self._clock.set(now, asked=asked)

    async def _beat(self) -> datetime | None:
        async with self._pool.acquire() as connection:
            try:
                async with asyncio.timeout(self._lease / 2):
                    return await beat(connection, self._worker_id)
            except TimeoutError:
                # One that says nothing is left at once, so that another can still beat within the lease.
                connection.terminate()
                raise
