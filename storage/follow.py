"""An execution that is followed, and those who follow it."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from typing import Any, Generic, TypeAlias, TypeVar, cast

from storage.events import TERMINAL_TYPES, EventRow, Page, RowT
from storage.window import WINDOW_ROWS, Window

Replay: TypeAlias = Callable[[str, int], Awaitable[Page[RowT]]]
"""Reads a page of an execution's log from an index on."""

PAGE_ROWS = 1_000
PAGE_BYTES = 1024 * 1024

ResultT = TypeVar("ResultT")
RowT_co = TypeVar("RowT_co", bound=EventRow, covariant=True)


class Tail(Generic[RowT]):
    """What a process knows of the end of a followed log; `storage/tail.py` keeps it up to date.

    `last` is the newest index known to be there and `more` says that there may be newer ones already; `ended` says that
    `last` is the terminal event.
    """

    def __init__(self, execution_id: str, first_index: int) -> None:
        self.execution_id = execution_id
        self.window: Window[RowT] = Window(first_index)
        self.last = first_index - 1
        self.more = False
        self.ended = False
        self.opened = False
        self.followers = 0
        self._error: Exception | None = None
        self._changed = asyncio.Event()

    @property
    def changed(self) -> asyncio.Event:
        """Is set at the next change of anything here."""
        return self._changed

    def open(self, last: int, ended: bool) -> None:
        """Learn where the log ends; the window will hold what the first follower needs, as far as there is room."""
        self.window = Window(min(last + 1, max(self.window.end, last + 1 - WINDOW_ROWS)))
        self.last, self.ended, self.opened = last, ended, True
        self.wake()

    def add(self, page: Page[RowT]) -> None:
        """Take in the rows that follow the window."""
        self.window.extend(page.rows)
        self.last = max(self.last, self.window.end - 1)
        self.more = page.more
        self.ended = self.ended or page.rows[-1].type in TERMINAL_TYPES
        self.wake()

    def nothing_new(self) -> None:
        """Learn that the log ends with the window."""
        if self.more:
            self.more = False
            self.wake()

    def fail(self, error: Exception) -> None:
        """Let every follower raise `error`."""
        self._error = error
        self.wake()

    def check(self) -> None:
        """Raise the error that ended the following, if any."""
        if self._error:
            raise self._error

    async def ready(self) -> None:
        """Wait until the end of the log is known."""
        while not self.opened:
            self.check()
            await self._changed.wait()

    def wake(self) -> None:
        """Let every follower look what there is."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Follower(Generic[RowT_co]):
    """One reader of a followed log; `next_index` is where it goes on.

    Iterating gives lists of rows, in order and without gap, until the terminal event has been given.
    """

    def __init__(self, tail: Tail[RowT_co], next_index: int, replay: Replay[RowT_co]) -> None:
        self.next_index = next_index
        self._tail = tail
        self._replay = replay
        self._page: list[RowT_co] = []
        self._error: Exception | None = None
        self._failure: asyncio.Future[Any] | None = None

    @property
    def caught_up(self) -> bool:
        """Whether the log had nothing more when it was last read."""
        return self.next_index > self._tail.last and not self._tail.more

    @property
    def ended(self) -> bool:
        """Whether the log has ended and nothing of it is left."""
        return self._tail.ended and self.caught_up

    def fail(self, error: Exception) -> None:
        """Let this reader, and no other, raise `error` from now on."""
        self._error = error
        self._tail.wake()
        if self._failure and not self._failure.done():
            self._failure.set_exception(error)

    def check(self) -> None:
        """Raise the error that ended the following, if any."""
        if self._error:
            raise self._error
        self._tail.check()

    def fork(self) -> "Follower[RowT_co]":
        """Another reader at the same place, who goes on independently and fails for itself."""
        fork = copy(self)
        fork._error = fork._failure = None
        return fork

    async def unless_failed(self, awaited: asyncio.Future[ResultT]) -> ResultT:
        """What others wait for too, and wait on if this is cancelled or made to fail."""
        self.check()
        self._failure = mine = asyncio.get_running_loop().create_future()
        awaited.add_done_callback(lambda done: _pass_on(done, mine))
        return cast(ResultT, await mine)

    def __aiter__(self) -> "Follower[RowT_co]":
        return self

    async def __anext__(self) -> list[RowT_co]:
        if rows := await self.take():
            return rows
        raise StopAsyncIteration

    async def take(self, limit: int = PAGE_ROWS, *, timeout: float | None = None) -> list[RowT_co]:
        """The next rows, at least one and at most `limit`; none when `ended`.

        What is in the log is waited for however long reading takes; then `timeout` (seconds; 0 gives what is there,
        None waits on) limits the wait for something new, and none are given when it is over. May be cancelled without
        losing rows. Raises `NotFound` when the execution is deleted, `Conflict` when the log has lost its end, and what
        the database raises.
        """
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while True:
            changed = self._tail.changed
            if rows := await self._rows(limit):
                self.next_index += len(rows)
                return rows
            if self.ended or not await _set_before(deadline if self.caught_up else None, changed):
                return []

    async def _rows(self, limit: int) -> list[RowT_co]:
        self.check()
        if not self._page and self.next_index < self._tail.window.start:
            self._page = (await self._replay(self._tail.execution_id, self.next_index)).rows
        if not self._page:
            return self._tail.window.read(self.next_index, limit)
        rows, self._page = self._page[:limit], self._page[limit:]
        return rows


def _pass_on(done: asyncio.Future[Any], to: asyncio.Future[Any]) -> None:
    if to.done():
        return
    if done.cancelled():
        to.cancel()
    elif error := done.exception():
        to.set_exception(error)
    else:
        to.set_result(done.result())


async def _set_before(deadline: float | None, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout_at(deadline):
            return await event.wait()
    except TimeoutError:
        return False
