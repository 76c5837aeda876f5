"""Seeing to what nobody else sees to: timers that are due, rings that were lost, workers that are gone."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import asyncpg

from jobs.declining import Declined
from jobs.family import Family
from jobs.metrics import RESCUES, TIMER_LAG_SECONDS, WORKERS_LOST
from jobs.slots import Slots
from storage.claims import Limits, Waiting, is_overdue, next_within, release_all, seconds_to_next_due, wake_due
from storage.inbox import Forgotten, discard_dead_letters, forgotten
from storage.pool import DATABASE_TROUBLE, Connection
from storage.transaction import transaction
from storage.workers import beats, orphans, remove

logger = logging.getLogger(__name__)

DUE_AT_ONCE = 1000
LONGEST_NAP = 1.0
SHORTEST_NAP = 0.02
OVERDUE_SECONDS = 3.0
FORGOTTEN_AT_ONCE = 1000
SOON_SECONDS = 31.0
"""What is looked at within this time anyway is not forgotten; it may be set aside, and would be so again."""

CHECKS_PER_LEASE = 5


class Timers:
    """Queues parked executions when their time has come; `on_ready` is called when it did."""

    def __init__(self, pool: asyncpg.Pool, on_ready: Callable[[], None]) -> None:
        self._pool = pool
        self._on_ready = on_ready

    async def run(self) -> None:
        """Wake for ever."""
        while True:
            try:
                nap = await self._wake()
            except DATABASE_TROUBLE as error:
                logger.warning("Timers could not be read (%s: %s).", type(error).__name__, error)
                nap = LONGEST_NAP
            await asyncio.sleep(nap)

    async def _wake(self) -> float:
        async with self._pool.acquire() as connection:
            due = await wake_due(connection, DUE_AT_ONCE)
            if due.lag_seconds is not None:
                TIMER_LAG_SECONDS.observe(due.lag_seconds)
                self._on_ready()
            seconds = await seconds_to_next_due(connection)
        return min(max(seconds, SHORTEST_NAP), LONGEST_NAP) if seconds is not None else LONGEST_NAP


class Sweeper:
    """Rings again for what has waited too long, and frees what lost workers held.

    A worker is lost when its beat has stood still for a whole lease by this process's own monotonic clock, with the
    database in reach all the while. `rescues` counts what was needed besides: something was ready for long although
    there were free `slots` and `limits` allowed it, or it was told something and woken by nobody. Without faults it
    stays 0.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        lease: float,
        slots: Slots,
        limits: Limits,
        on_ready: Callable[[], None],
        family: Family,
        declined: Declined,
    ) -> None:
        self._pool = pool
        self._lease = lease
        self._slots = slots
        self._limits = limits
        self._on_ready = on_ready
        self._family = family
        self._declined = declined
        self._made_at = time.monotonic()
        self._seen: dict[str, tuple[int, float]] = {}
        self._next: tuple[Waiting | None, float] = (None, 0.0)
        self._lying: dict[Forgotten, float] = {}
        self.rescues = 0

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                async with asyncio.timeout(self._lease):
                    await self._sweep()
            except DATABASE_TROUBLE as error:
                logger.warning("Sweeping failed (%s: %s).", type(error).__name__, error)
                self._seen.clear()
                self._next = (None, 0.0)
                self._lying.clear()
            await asyncio.sleep(min(self._lease / CHECKS_PER_LEASE, LONGEST_NAP))

    async def _sweep(self) -> None:
        async with self._pool.acquire() as connection:
            overdue = await self._is_overdue(connection)
            current = await beats(connection)
            abandoned = await orphans(connection)
            overlooked = self._overlooked(await forgotten(connection, FORGOTTEN_AT_ONCE, within=SOON_SECONDS))
            await discard_dead_letters(connection, FORGOTTEN_AT_ONCE)
        if overlooked:
            self._rescue()
            self._family.wake(overlooked)
        if overdue and self._could_claim_for(OVERDUE_SECONDS):
            self._rescue()
        for worker_id in self._silent(current):
            await _try(self._give_up(worker_id, current[worker_id]))
        for worker_id in abandoned:
            await _try(self._free(worker_id))

    async def _is_overdue(self, connection: Connection) -> bool:
        """Whether something has waited for long that could have been claimed all the while.

        What a limit holds back waits for its turn, however long, and what this worker has declined is for others to
        judge. So with either it counts that the same one was the next at every look, which it cannot be while anybody
        claims.
        """
        if not self._limits.are_set and not self._declined:
            return await is_overdue(connection, OVERDUE_SECONDS)
        own = self._declined.worker_id
        waiting, now = await next_within(connection, self._limits, own, ready_for=OVERDUE_SECONDS), time.monotonic()
        if waiting != self._next[0]:
            self._next = (waiting, now)
        return waiting is not None and now - self._next[1] >= OVERDUE_SECONDS

    def _could_claim_for(self, seconds: float) -> bool:
        """Whether this worker has been there for so long, with a free place: what waited before is no lost ring."""
        return self._slots.had_room_for(seconds) and time.monotonic() - self._made_at >= seconds

    def _overlooked(self, found: Sequence[Forgotten]) -> list[str]:
        """Those whose letter has lain there for long; any other is just being told of it."""
        now = time.monotonic()
        self._lying = {each: self._lying.get(each, now) for each in found}
        return [each.execution_id for each, since in self._lying.items() if now - since >= OVERDUE_SECONDS]

    def _rescue(self) -> None:
        self.rescues += 1
        RESCUES.inc()
        logger.info("Something has waited for more than %s s; ringing again.", OVERDUE_SECONDS)
        self._on_ready()

    def _silent(self, current: dict[str, int]) -> list[str]:
        """The workers whose beat has stood still for a lease."""
        now = time.monotonic()
        self._seen = {
            worker_id: self._seen[worker_id] if self._seen.get(worker_id, (None,))[0] == count else (count, now)
            for worker_id, count in current.items()
        }
        return [worker_id for worker_id, (_, since) in self._seen.items() if now - since >= self._lease]

    async def _give_up(self, worker_id: str, at_beat: int) -> None:
        async with transaction(self._pool) as connection:
            if not await remove(connection, worker_id, at_beat=at_beat):
                return
            release = await release_all(connection, worker_id, lost=True)
        WORKERS_LOST.inc()
        logger.warning("The worker %s is lost; %d executions are free again.", worker_id, release.freed)
        self._on_ready()

    async def _free(self, worker_id: str) -> None:
        async with transaction(self._pool) as connection:
            release = await release_all(connection, worker_id, lost=True)
        if release.freed:
            self._on_ready()


async def _try(work: Coroutine[Any, Any, None]) -> None:
    """See to one worker; trouble with it must not keep the others waiting."""
    try:
        await work
    except DATABASE_TROUBLE as error:
        logger.warning("A lost worker's executions could not be freed (%s: %s).", type(error).__name__, error)
