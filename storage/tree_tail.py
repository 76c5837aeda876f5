"""Following trees as they grow: one reader of each tree for all subscribers of a process.

A notification speaks of one execution. Its tree is looked at if it is a member that was met; what is new is spawned by
one that was, whose own notification leads to it. Behind that there is one poll for all trees.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context
from functools import partial

import asyncpg

from engine.errors import Conflict, NotFound, ShuttingDown
from storage.events import Page
from storage.follow import PAGE_BYTES, PAGE_ROWS
from storage.for_ever import for_ever, through_outages
from storage.pool import Connection
from storage.reading import reading
from storage.tail import POLL_SECONDS
from storage.tree_follow import TreeFollower, TreeTail
from storage.tree_log import (
    BEGINNING,
    LOST,
    Place,
    TreeNews,
    TreeRow,
    check_place,
    fill,
    open_members,
    read_subtree,
    read_tree_page,
    tree_news,
)
from storage.wakeups import Wakeups

READS_AT_ONCE = 3
"""How many connections of the pool are taken at most, by looks and by replays each."""

LOOK_SECONDS = 8.0
"""How long a look may take; the first at a tree of a million events has to write a long log."""

LONGEST_PAUSE = 0.25
"""Seconds; after a look its tree is left alone for as long as that look took, or for this."""


class TreeTailer:
    """Follows any number of trees for any number of followers."""

    def __init__(self, pool: asyncpg.Pool, wakeups: Wakeups, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._pool = pool
        self._wakeups = wakeups
        self._poll_seconds = poll_seconds
        self._tails: dict[str, TreeTail] = {}
        self._readers: dict[TreeTail, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._tree_of: dict[str, TreeTail] = {}
        self._strangers: dict[str, int] = {}
        self._looks, self._looking = asyncio.Semaphore(READS_AT_ONCE), 0
        self._replays = asyncio.Semaphore(READS_AT_ONCE)
        self._poll_task: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def followed(self) -> int:
        """How many trees are followed now."""
        return len(self._tails)

    async def start(self) -> None:
        """Begin to read; `wakeups` is started by its owner."""
        self._wakeups.watch_all(self._hear)
        self._poll_task = asyncio.create_task(for_ever(self._poll), name="tree poll")

    async def stop(self) -> None:
        """Stop reading; whoever still follows, or begins to, gets `ShuttingDown`."""
        self._stopped = True
        for tail in list(self._tails.values()):
            self._fail(tail, ShuttingDown())
        if self._poll_task:
            self._poll_task.cancel()
            self._ending.add(self._poll_task)
        await asyncio.gather(*self._ending, return_exceptions=True)

    @asynccontextmanager
    async def follow(self, root_id: str, execution_id: str, place: Place = BEGINNING) -> AsyncIterator[TreeFollower]:
        """Follow an execution of a tree and its descendants from a place of the tree's log on.

        Raises `NotFound`, and `Conflict` if the log does not have that place any more.
        """
        if self._stopped:
            raise ShuttingDown()
        async with reading(self._pool) as connection:
            await check_place(connection, root_id, place)
            subtree = await read_subtree(connection, root_id, execution_id)
        tail = self._join(root_id, place)
        try:
            # What has ended by now is in the log once a look has ended that begins from here on.
            await tail.looked(tail.look())
            yield TreeFollower(tail, place, subtree, self._replay)
        finally:
            self._leave(tail)

    def _join(self, root_id: str, first: Place) -> TreeTail:
        if self._stopped:
            raise ShuttingDown()
        if root_id not in self._tails:
            tail = self._tails[root_id] = TreeTail(root_id, first)
            reading = for_ever(partial(self._read, tail))
            # It serves all followers, and so must not log under the id of the first one's request.
            self._readers[tail] = asyncio.create_task(reading, name=f"tree {root_id}", context=Context())
        tail = self._tails[root_id]
        tail.followers += 1
        return tail

    def _leave(self, tail: TreeTail) -> None:
        tail.followers -= 1
        if tail.followers == 0:
            self._forget(tail)

    def _fail(self, tail: TreeTail, error: Exception) -> None:
        tail.fail(error)
        self._forget(tail)

    def _forget(self, tail: TreeTail) -> None:
        if not self._follows(tail):
            return
        del self._tails[tail.execution_id]
        self._tree_of = {id: tree for id, tree in self._tree_of.items() if tree is not tail}
        reader = self._readers.pop(tail)
        self._ending.add(reader)
        reader.add_done_callback(self._ending.discard)
        reader.cancel()

    def _follows(self, tail: TreeTail) -> bool:
        return self._tails.get(tail.execution_id) is tail

    def _hear(self, execution_id: str | None, index: int | None) -> None:
        if execution_id is None or index is None:
            for tail in self._tails.values():
                tail.look()
        elif execution_id in self._tree_of:
            self._tree_of[execution_id].hear(execution_id, index)
        elif self._looking:
            # It may be a member that is being read just now.
            self._strangers[execution_id] = max(index, self._strangers.get(execution_id, index))

    async def _read(self, tail: TreeTail) -> None:
        await tail.wanted.wait()
        tail.wanted.clear()
        number = tail.begin_look()
        if number is None:
            return
        began = asyncio.get_running_loop().time()
        try:
            await self._look(tail)
        except (NotFound, Conflict) as error:
            self._fail(tail, error)
            return
        except Exception:
            tail.look()
            raise
        tail.end_look(number)
        await asyncio.sleep(min(asyncio.get_running_loop().time() - began, LONGEST_PAUSE))

    async def _look(self, tail: TreeTail) -> None:
        self._looking += 1
        try:
            async with self._looks, reading(self._pool, LOOK_SECONDS) as connection:
                await self._open(connection, tail)
                await self._read_on(connection, tail)
            self._meet(tail)
        finally:
            self._looking -= 1
            if not self._looking:
                self._strangers.clear()

    async def _open(self, connection: Connection, tail: TreeTail) -> None:
        """Write down what is new; begin the window of a new tail, and see that an old one's is what the log has."""
        length = await fill(connection, tail.execution_id)
        if not tail.opened:
            tail.members = await open_members(connection, tail.execution_id)
            tail.open(length - 1, ended=False)
        elif tail.place:
            await check_place(connection, tail.execution_id, tail.place)
        tail.last = max(tail.last, length - 1)

    async def _read_on(self, connection: Connection, tail: TreeTail) -> None:
        while tail.window.end <= tail.last:
            page = await read_tree_page(
                connection, tail.execution_id, tail.window.end, rows=PAGE_ROWS, bytes=PAGE_BYTES
            )
            if not page.rows:
                raise Conflict(LOST)
            tail.add(page)

    def _meet(self, tail: TreeTail) -> None:
        """Listen for the members that were met; what was announced of them before that counts, too."""
        if not self._follows(tail):
            return
        for id in tail.members.keys() - self._tree_of.keys():
            self._tree_of[id] = tail
            if id in self._strangers:
                tail.hear(id, self._strangers[id])

    async def _poll(self) -> None:
        await asyncio.sleep(self._poll_seconds)
        read = {tail: tail.window.end for tail in self._tails.values() if tail.opened and not tail.complete}
        if not read:
            return
        async with reading(self._pool) as connection:
            news = await tree_news(connection, [tail.execution_id for tail in read])
        for tail, end in read.items():
            if self._follows(tail):
                self._compare(tail, end, news.get(tail.execution_id))

    def _compare(self, tail: TreeTail, read: int, news: TreeNews | None) -> None:
        if news is None:
            self._fail(tail, NotFound("The execution was deleted."))
        elif news.length < read:
            self._fail(tail, Conflict(LOST))
        elif news.has_news or news.length > tail.window.end:
            tail.look()

    async def _replay(self, root_id: str, from_place: int) -> Page[TreeRow]:
        return await through_outages(partial(self._read_page, root_id, from_place), lambda: self._stopped)

    async def _read_page(self, root_id: str, from_place: int) -> Page[TreeRow]:
        async with self._replays, reading(self._pool) as connection:
            page = await read_tree_page(connection, root_id, from_place, rows=PAGE_ROWS, bytes=PAGE_BYTES)
        if not page.rows:
            raise NotFound("The execution was deleted.")
        return page
