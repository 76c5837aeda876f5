"""Cutting a followed log into the batches that a subscriber asked for.

The first batch comes at once, even empty. What was in the log already is never held back; after that a batch stays open
for a while after its first event, unless it is full or has the log's end.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from engine.events import EVENT_TYPES
from engine.status import ExecutionStatus
from schema.errors import Interrupted
from storage.events import EventRow
from storage.executions import ExecutionRow
from storage.follow import Follower

QUIET_SECONDS = 10.0
"""How long a stream whose filter drops everything says nothing."""

BATCH_LENGTH = 1024 * 1024
"""Characters of data after which a batch is full, whatever its size."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscriber wants: `size` events at most, `seconds` after the first, of these kinds (None: all)."""

    size: int
    seconds: float
    kinds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in order, and what was known when the last of them was read."""

    rows: list[EventRow]
    next_index: int
    caught_up: bool
    status: ExecutionStatus


class Batches:
    """The batches of one subscriber, until the terminal event.

    Raises `Interrupted` for whatever goes wrong after the first batch.
    """

    def __init__(self, follower: Follower, wish: Wish, execution: ExecutionRow) -> None:
        self._follower = follower
        self._wish = wish
        self._status = execution.status
        self._status_index = execution.last_index
        self._replaying = True
        self._rows: list[EventRow] = []
        self._length = 0
        self._clock = asyncio.get_running_loop().time
        self._told_index, self._told_at = follower.next_index, self._clock()

    async def __aiter__(self) -> AsyncIterator[Batch]:
        await self._take(0)
        yield self._close()
        try:
            while not self._follower.ended:
                await self._gather()
                if self._rows or self._follower.next_index != self._told_index:
                    yield self._close()
        except Exception as error:
            raise Interrupted(error, {"nextIndex": self._told_index}) from error

    async def _gather(self) -> None:
        self._replaying = self._replaying and not self._follower.caught_up
        deadline: float | None = None
        while not self._is_full():
            if self._rows and deadline is None:
                deadline = self._clock() + self._wish.seconds
            if not await self._take(self._patience(deadline)):
                return

    def _patience(self, deadline: float | None) -> float | None:
        """How many seconds to wait for something new."""
        if self._rows and self._replaying:
            return 0
        if deadline is None and self._follower.next_index != self._told_index:
            deadline = self._told_at + QUIET_SECONDS
        return None if deadline is None else max(deadline - self._clock(), 0)

    async def _take(self, seconds: float | None) -> bool:
        """Add what comes within so many seconds; False if nothing came."""
        rows = await self._follower.take(self._wish.size - len(self._rows), timeout=seconds)
        for row in rows:
            self._add(row)
        return bool(rows)

    def _add(self, row: EventRow) -> None:
        entered = EVENT_TYPES[row.type].enters
        if entered and row.index > self._status_index:
            self._status = entered
        if self._wish.kinds is None or row.type in self._wish.kinds:
            self._rows.append(row)
            self._length += len(row.data)

    def _is_full(self) -> bool:
        size, follower = len(self._rows), self._follower
        return size >= self._wish.size or self._length >= BATCH_LENGTH or follower.ended

    def _close(self) -> Batch:
        batch = Batch(self._rows, self._follower.next_index, self._follower.caught_up, self._status)
        self._rows, self._length = [], 0
        self._told_index, self._told_at = batch.next_index, self._clock()
        return batch
