"""Following logs as they grow: one reader for all subscribers of a process.

A *tail* stands for an execution that somebody in this process follows. It reads each new row once, however many
*followers* there are, and keeps the newest rows in a window. A follower has a cursor of its own: what lies before the
window it reads from the log at its own speed. Notifications, and a poll behind them, say which tails have news; one
query reads the news of all of them, and while it is on its way the next ones gather.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from engine.errors import Conflict, NotFound, ShuttingDown
from storage.events import EventRow, Page, log_ends, read_news
from storage.follow import PAGE_BYTES, PAGE_ROWS, Follower, Tail
from storage.for_ever import for_ever
from storage.reading import reading
from storage.replays import Replays
from storage.wakeups import Heard, Wakeups

TAILS_PER_READ = 64
LEAST_ROWS, LEAST_BYTES = 32, 64 * 1024
"""What each tail may read when many share a query."""

POLL_SECONDS = 1.0

LOOK = 2**31
"""Greater than every index: there may be news, whatever has been read."""


class Tailer:
    """Follows any number of executions for any number of followers."""

    def __init__(self, pool: asyncpg.Pool, wakeups: Wakeups, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._pool = pool
        self._wakeups = wakeups
        self._poll_seconds = poll_seconds
        self._tails: dict[str, tuple[Tail[EventRow], Heard]] = {}
        self._new: set[Tail[EventRow]] = set()
        self._announced: dict[Tail[EventRow], int] = {}
        self._wake = asyncio.Event()
        self._replays = Replays(pool)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False

    @property
    def followed(self) -> int:
        """How many executions are followed now."""
        return len(self._tails)

    async def start(self) -> None:
        """Begin to read; `wakeups` is started by its owner."""
        self._tasks = [
            asyncio.create_task(for_ever(self._read_what_is_announced), name="tail reader"),
            asyncio.create_task(for_ever(self._poll), name="tail poll"),
        ]

    async def stop(self) -> None:
        """Stop reading; whoever still follows, or begins to, gets `ShuttingDown`."""
        self._stopped = True
        self._replays.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for tail, _ in list(self._tails.values()):
            self._fail(tail, ShuttingDown())

    @asynccontextmanager
    async def follow(self, execution_id: str, from_index: int = -1) -> AsyncIterator[Follower[EventRow]]:
        """Follow a log from an index on, which may lie beyond its end; raises `NotFound`."""
        if self._stopped:
            raise ShuttingDown()
        tail = self._join(execution_id, from_index)
        try:
            await tail.ready()
            yield Follower(tail, from_index, self._replays.page)
        finally:
            self._leave(tail)

    def _join(self, execution_id: str, from_index: int) -> Tail[EventRow]:
        if execution_id not in self._tails:
            tail: Tail[EventRow] = Tail(execution_id, from_index)
            heard = partial(self._hear, tail)
            self._tails[execution_id] = tail, heard
            # Watched before its end is read, so that no news can fall between the two.
            self._wakeups.watch(execution_id, heard)
            self._new.add(tail)
            self._wake.set()
        tail, _ = self._tails[execution_id]
        tail.followers += 1
        return tail

    def _leave(self, tail: Tail[EventRow]) -> None:
        tail.followers -= 1
        if tail.followers == 0:
            self._forget(tail)

    def _fail(self, tail: Tail[EventRow], error: Exception) -> None:
        tail.fail(error)
        self._forget(tail)

    def _forget(self, tail: Tail[EventRow]) -> None:
        known, heard = self._tails.get(tail.execution_id, (None, None))
        if known is tail and heard:
            del self._tails[tail.execution_id]
            self._wakeups.unwatch(tail.execution_id, heard)
            self._replays.forget(tail.execution_id)
        self._new.discard(tail)
        self._announced.pop(tail, None)

    def _hear(self, tail: Tail[EventRow], index: int | None) -> None:
        # A tail that is not open yet is going to be read once it is.
        if tail.opened:
            self._announce(tail, LOOK if index is None else index)

    def _announce(self, tail: Tail[EventRow], index: int) -> None:
        if index >= tail.window.end and self._follows(tail):
            self._announced[tail] = max(index, self._announced.get(tail, index))
            self._wake.set()

    async def _read_what_is_announced(self) -> None:
        await self._wake.wait()
        try:
            await self._open_new()
            await self._read_news()
        except Exception:
            self._wake.set()
            raise
        if not self._new and not self._announced:
            self._wake.clear()

    async def _open_new(self) -> None:
        new = list(self._new)
        if not new:
            return
        async with reading(self._pool) as connection:
            ends = await log_ends(connection, [tail.execution_id for tail in new])
        self._new.difference_update(new)
        for tail in new:
            self._open(tail, ends.get(tail.execution_id))

    def _open(self, tail: Tail[EventRow], end: tuple[int, bool] | None) -> None:
        if not self._follows(tail):
            return
        if end is None:
            self._fail(tail, NotFound("There is no such execution."))
            return
        tail.open(*end)
        self._announce(tail, LOOK)

    async def _read_news(self) -> None:
        batch = self._take_announced()
        if not batch:
            return
        try:
            async with reading(self._pool) as connection:
                news = await read_news(
                    connection,
                    {tail.execution_id: tail.window.end for tail in batch},
                    rows=max(LEAST_ROWS, PAGE_ROWS // len(batch)),
                    bytes=max(LEAST_BYTES, PAGE_BYTES // len(batch)),
                )
        except Exception:
            for tail in batch:
                self._announce(tail, LOOK)
            raise
        for tail in batch:
            self._add(tail, news.get(tail.execution_id))

    def _take_announced(self) -> list[Tail[EventRow]]:
        """The tails to read next; what was announced while it was on its way is not read again."""
        news = {tail: index for tail, index in self._announced.items() if index >= tail.window.end}
        batch = list(news)[:TAILS_PER_READ]
        self._announced = {tail: news[tail] for tail in list(news)[TAILS_PER_READ:]}
        return batch

    def _add(self, tail: Tail[EventRow], page: Page[EventRow] | None) -> None:
        if page is None:
            tail.nothing_new()
            return
        tail.add(page)
        if page.more:
            self._announce(tail, LOOK)

    def _follows(self, tail: Tail[EventRow]) -> bool:
        return self._tails.get(tail.execution_id, (None,))[0] is tail

    async def _poll(self) -> None:
        await asyncio.sleep(self._poll_seconds)
        ends_read = {tail: tail.window.end for tail, _ in self._tails.values() if tail.opened and not _complete(tail)}
        if not ends_read:
            return
        async with reading(self._pool) as connection:
            ends = await log_ends(connection, [tail.execution_id for tail in ends_read])
        for tail, read in ends_read.items():
            if self._follows(tail):
                self._compare(tail, read, ends.get(tail.execution_id))

    def _compare(self, tail: Tail[EventRow], read: int, end: tuple[int, bool] | None) -> None:
        if end is None:
            self._fail(tail, NotFound("The execution was deleted."))
        elif end[0] + 1 < read:
            self._fail(tail, Conflict("The log has lost events that were read already; read it again from its start."))
        else:
            self._announce(tail, end[0])


def _complete(tail: Tail[EventRow]) -> bool:
    return tail.ended and tail.window.end > tail.last
