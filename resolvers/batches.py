"""Cutting a followed log into the batches that a subscriber asked for.

The first batch comes at once, even empty. What was in the log already is never held back; after that a batch stays open
for a while after its first event, unless it is full or has the log's end.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

from engine.events import EVENT_TYPES
from engine.status import ExecutionStatus
from schema.errors import Interrupted
from schema.events import ExecutionEventBatch, show_event
from storage.events import EventRow
from storage.executions import ExecutionRow
from storage.follow import Follower

ENTERED = {kind: event.enters for kind, event in EVENT_TYPES.items() if event.enters}
"""The status that an event of a kind leads to."""

QUIET_SECONDS = 10.0
"""How long a stream whose filter drops everything says nothing."""

BATCH_LENGTH = 256 * 1024
"""Characters of data after which a batch is full, whatever its size."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscriber wants: `size` events at most, `seconds` after the first, of these kinds (None: all)."""

    size: int
    seconds: float
    kinds: frozenset[str] | None = None


@dataclass(frozen=True)
class Batch:
    """Rows in order, and what was known when the last of them was read."""

    rows: list[EventRow]
    next_index: int
    caught_up: bool
    status: ExecutionStatus

    @cached_property
    def shown(self) -> ExecutionEventBatch:
        """What clients see of it, the same for all who are given it."""
        return ExecutionEventBatch(
            events=[show_event(row) for row in self.rows],
            next_index=self.next_index,
            caught_up=self.caught_up,
            status=self.status,
        )


class Batches:
    """The batches of one subscriber, or of several at the same place, until the terminal event.

    Raises `Interrupted` for whatever goes wrong after the first batch.
    """

    def __init__(self, follower: Follower[EventRow], wish: Wish, execution: ExecutionRow) -> None:
        self.follower = follower
        self._execution_id = execution.id
        self._wish = wish
        self._status = execution.status
        self._status_index = execution.last_index
        self._replaying = True
        self._rows: list[EventRow] = []
        self._length = 0
        self._clock = asyncio.get_running_loop().time
        self._told_index = follower.next_index

    @property
    def place(self) -> Hashable:
        """All that the next batch depends on beside the log; who is at an equal place is given an equal batch."""
        known = max(self._status_index, self._told_index - 1)
        return self._execution_id, self._told_index, self._wish, self.replaying, self._status, known

    @property
    def replaying(self) -> bool:
        """Whether there is more of what was in the log when it was begun with."""
        return self._replaying and not self.follower.caught_up

    async def __aiter__(self) -> AsyncIterator[Batch]:
        yield await self.first()
        while batch := await self.next():
            yield batch

    async def first(self) -> Batch:
        """What is there now, even if that is nothing."""
        await self._take(0)
        return self._close()

    async def next(self) -> Batch | None:
        """The batch after the last one; None when the log has ended."""
        try:
            await self._gather()
        except Exception as error:
            raise self.interrupted(error) from error
        return self._close() if self.follower.next_index != self._told_index else None

    def fork(self) -> "Batches":
        """Somebody else at the same place, who goes on independently."""
        fork = copy(self)
        fork.follower = self.follower.fork()
        return fork

    def interrupted(self, error: Exception) -> Interrupted:
        """What tells whoever is at this place why there is no next batch."""
        return error if isinstance(error, Interrupted) else Interrupted(error, self._resume())

    def _resume(self) -> dict[str, Any]:
        """Where somebody goes on who has got the last batch."""
        return {"nextIndex": self._told_index}

    async def _gather(self) -> None:
        self._replaying = self.replaying
        quiet_until: float | None = None
        open_until = inf
        while not self._is_full():
            if not await self._take(self._patience(open_until if self._rows else quiet_until)):
                return
            quiet_until = quiet_until or self._clock() + QUIET_SECONDS
            if self._rows:
                open_until = min(open_until, self._clock() + self._wish.seconds - self._age())

    def _age(self) -> float:
        """How many seconds the first event is old at least: while a busy process came to read it, others followed."""
        return max((self._rows[-1].timestamp - self._rows[0].timestamp).total_seconds(), 0.0)

    def _patience(self, deadline: float | None) -> float | None:
        """How many seconds to wait for something new."""
        if self._rows and self._replaying:
            return 0
        return None if deadline is None else max(deadline - self._clock(), 0)

    async def _take(self, seconds: float | None) -> bool:
        """Add what comes within so many seconds; False if nothing came."""
        rows = await self.follower.take(self._wish.size - len(self._rows), timeout=seconds)
        self._follow_status(rows)
        wanted = self._wanted(rows)
        self._rows += wanted
        self._length += sum([len(row.data) for row in wanted])
        return bool(rows)

    def _wanted(self, rows: list[EventRow]) -> list[EventRow]:
        kinds = self._wish.kinds
        return rows if kinds is None else [row for row in rows if row.type in kinds]

    def _follow_status(self, rows: list[EventRow]) -> None:
        for row in rows:
            if row.type in ENTERED and row.index > self._status_index:
                self._status = ENTERED[row.type]

    def _is_full(self) -> bool:
        size, follower = len(self._rows), self.follower
        return size >= self._wish.size or self._length >= BATCH_LENGTH or follower.ended

    def _close(self) -> Batch:
        batch = Batch(self._rows, self.follower.next_index, self.follower.caught_up, self._status)
        self._rows, self._length = [], 0
        self._told_index = batch.next_index
        return batch
