"""Group commit: while one batch is being written the next one gathers.

At low load an append costs one commit; at high load one commit carries the events of many executions. An append whose
answer was lost is sent again with the same id, so it is written once. A batch that the database refuses because of what
is in it is halved until the offender stands alone, and only that one fails.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat

import asyncpg

from engine.errors import ClaimLost, ValueRefused
from engine.ledger import Verdict
from jobs.metrics import APPEND_SECONDS, APPENDED_BYTES, APPENDED_EVENTS, APPENDS
from storage.append import Member, Outcome, append
from storage.pool import DATABASE_TROUBLE

logger = logging.getLogger(__name__)

BATCH_EVENTS = 4000
BATCH_BYTES = 8 * 1024 * 1024
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
BUSY_SECONDS = 0.01

REFUSED_CLASSES = ("22", "23", "54")
"""SQLSTATE classes that blame the data: sending it again would fail again."""


class Waiter:
    """A member of a batch and who waits for it."""

    __slots__ = ("bytes", "future", "member")

    def __init__(self, member: Member) -> None:
        self.member = member
        self.bytes = member.bytes
        self.future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()


class Journal:
    """The one writer of a worker's events.

    `on_commit` is told each execution's new last index, `on_append` each append that is in the log.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        on_commit: Callable[[str, int], None],
        on_append: Callable[[Member], None] = lambda member: None,
    ) -> None:
        self._pool = pool
        self._on_commit = on_commit
        self._on_append = on_append
        self._queue: deque[Waiter] = deque()
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.commits = 0
        self.events = 0

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write_for_ever())

    async def stop(self) -> None:
        """Stop writing; what is still queued is not written."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    def append(self, member: Member) -> asyncio.Future[Verdict]:
        """Write one execution's append soon, with whatever else is to be written then.

        The future raises `ClaimLost` if the execution belongs to another worker, `ValueRefused` if the database cannot
        store it. The append is written whether or not somebody still waits for it.
        """
        waiter = Waiter(member)
        self._enqueue([waiter])
        return waiter.future

    def _enqueue(self, waiters: Iterable[Waiter]) -> None:
        self._queue.extend(waiters)
        self._bell.set()

    async def _write_for_ever(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._queue:
                await self._write(self._next_batch())

    def _next_batch(self) -> list[Waiter]:
        """The oldest appends that fit into one statement, where each execution may be once."""
        batch: dict[str, Waiter] = {}
        events, size = 0, 0
        while self._queue and events < BATCH_EVENTS and size < BATCH_BYTES:
            member = self._queue[0].member
            if member.execution_id in batch:
                break
            batch[member.execution_id] = waiter = self._queue.popleft()
            events, size = events + len(member.rows), size + waiter.bytes
        return list(batch.values())

    async def _write(self, batch: Sequence[Waiter]) -> None:
        try:
            with APPEND_SECONDS.time():
                outcomes = await self._send([waiter.member for waiter in batch])
        # Whatever it was, the worker lives on: what cannot be sent at all must not keep the rest from being written.
        except Exception as error:
            await self._split(batch, error)
            return
        _measure(batch, outcomes.values())
        given = [(waiter, outcomes[waiter.member.execution_id]) for waiter in batch]
        again = [each for each in given if not self._answer(*each, is_alone=len(batch) == 1)]
        busy = [waiter for waiter, outcome in again if outcome is Outcome.BUSY]
        if busy:
            asyncio.get_running_loop().call_later(BUSY_SECONDS, self._enqueue, busy)
        for waiter in [waiter for waiter, outcome in again if outcome is Outcome.OVER_BUDGET]:
            # It was refused together with others of its tree, which may only have been too many at once.
            await self._write([waiter])

    async def _send(self, members: Sequence[Member]) -> dict[str, Outcome]:
        """Send a batch until its outcome is known; raises what the database says about the data itself."""
        delays = chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))
        while True:
            try:
                async with self._pool.acquire() as connection:
                    return await append(connection, members)
            except DATABASE_TROUBLE as error:
                if _blames_data(error):
                    raise
                logger.warning("The journal could not write (%s: %s); it tries again.", type(error).__name__, error)
            await asyncio.sleep(next(delays))

    async def _split(self, batch: Sequence[Waiter], error: Exception) -> None:
        if len(batch) == 1:
            _fail(batch[0], _refusal(error))
            APPENDS.labels("refused").inc()
            return
        middle = len(batch) // 2
        await self._write(batch[:middle])
        await self._write(batch[middle:])

    def _answer(self, waiter: Waiter, outcome: Outcome, *, is_alone: bool) -> bool:
        """Tell a waiter its outcome; False if it must be sent again."""
        match outcome:
            case Outcome.COMMITTED:
                self._committed(waiter)
            case Outcome.INTERRUPTED:
                _succeed(waiter, Verdict.INTERRUPTED)
            case Outcome.LOST:
                _fail(waiter, ClaimLost())
            case Outcome.OVER_BUDGET if is_alone:
                _succeed(waiter, Verdict.OVER_BUDGET)
            case Outcome.BUSY | Outcome.OVER_BUDGET:
                return False
        return True

    def _committed(self, waiter: Waiter) -> None:
        self.commits += 1
        self.events += len(waiter.member.rows)
        if waiter.member.rows:
            self._on_commit(waiter.member.execution_id, waiter.member.last_index)
        self._on_append(waiter.member)
        _succeed(waiter, Verdict.COMMITTED)


def _measure(batch: Sequence[Waiter], outcomes: Iterable[Outcome]) -> None:
    APPENDED_EVENTS.observe(sum(len(waiter.member.rows) for waiter in batch))
    APPENDED_BYTES.observe(sum(waiter.bytes for waiter in batch))
    for outcome, count in Counter(outcomes).items():
        APPENDS.labels(outcome.value).inc(count)


def _blames_data(error: Exception) -> bool:
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state[:2] in REFUSED_CLASSES


def _refusal(error: Exception) -> Exception:
    return ValueRefused(f"The database refused the events: {error}.") if _blames_data(error) else error


def _succeed(waiter: Waiter, verdict: Verdict) -> None:
    if not waiter.future.done():
        waiter.future.set_result(verdict)


def _fail(waiter: Waiter, error: Exception) -> None:
    if not waiter.future.done():
        waiter.future.set_exception(error)
