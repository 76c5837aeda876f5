"""Telling who watches a list of roots what has changed in it: a root that is new, a status that is another.

Notifications say which executions have news, creations included, and one read for all says which of those are roots of
a watched list, and in which status. Behind that there is a poll, one for all, that heals what was never announced.

What has changed since the last poll cannot be told by time. A timestamp is taken before its commit, so one that becomes
visible later may be the earlier one, by as long as a commit can take; nor is there an index on it, which every change
of a status would have to pay for. So nothing is asked by time. The poll reads the roots that have not ended, which an
index holds ready, and compares them with what was seen before, one by one: the new ones are new, and those that are not
there any more have ended, and are looked up. Only a root that was created and has ended between two polls, neither of
which was announced, is not among them: such roots are found by their ids, which hold the time of creation. The ids of
the last `RECENT_SECONDS` are read again and again, which is far more than the clocks of hosts differ and a creation
takes; what was seen in the same status is no change. A poll takes a fiftieth of the time at most, and without a watcher
there is none.

Which roots somebody may see is a matter of a few lists (`storage/roots.py`); the flows that were granted are looked up
again now and then. It only decides what is told: what is shown is judged again when it is read.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from engine.errors import ShuttingDown
from engine.ids import first_execution_id
from storage.access import Reader, Seen, granted_flows
from storage.executions import ExecutionRow, executions_by_id
from storage.for_ever import for_ever, through_outages
from storage.pool import Connection
from storage.reading import reading
from storage.root_watch import KnownRoots, RootWatcher
from storage.roots import Root, RootList, current_roots, roots_by_id
from storage.tail import POLL_SECONDS
from storage.wakeups import Wakeups

RECENT_SECONDS = 20.0
GATHER_SECONDS = 0.05
"""How long news gather after a read before the next."""

MOST_IDS = 5_000
MOST_OTHERS = 50_000
POLL_SHARE = 50

GRANTS_SECONDS = 10.0
"""How long it may take until a list has the executions of a flow that was granted meanwhile."""


class RootChanges:
    """Watches any number of lists of roots for any number of watchers."""

    def __init__(self, pool: asyncpg.Pool, wakeups: Wakeups, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._pool = pool
        self._wakeups = wakeups
        self._poll_seconds = poll_seconds
        self._watchers: set[RootWatcher] = set()
        self._lists: Counter[RootList] = Counter()
        self._known = KnownRoots()
        self._heard: set[str] = set()
        self._others: set[str] = set()
        self._wake = asyncio.Event()
        self._poll_at = self._granted_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def watching(self) -> int:
        """How many watch now."""
        return len(self._watchers)

    async def start(self) -> None:
        """Begin to read; `wakeups` is started by its owner."""
        self._wakeups.watch_all(self._hear)
        self._task = asyncio.create_task(for_ever(self._turn), name="root changes")

    async def stop(self) -> None:
        """Stop reading; whoever still watches, or begins to, gets `ShuttingDown`."""
        self._stopped = True
        for watcher in self._watchers:
            watcher.fail(ShuttingDown())
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @asynccontextmanager
    async def watch(self, reader: Reader, flow_id: str | None = None) -> AsyncIterator[RootWatcher]:
        """Watch the roots that a reader may see, of one flow or of all: what changes from now on is collected."""
        if self._stopped:
            raise ShuttingDown()
        watcher = RootWatcher(reader, flow_id)
        await self._begin(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            self._enter(watcher, frozenset())
            self._known.forget_all_but(self._lists)

    async def read(self, reader: Reader, ids: Sequence[str]) -> list[ExecutionRow]:
        """Those of these that the reader may see as they are now, in this order; waits for the end of an outage."""
        rows = await through_outages(partial(self._read_rows, reader, ids), lambda: self._stopped)
        return [rows[id].row for id in ids if id in rows]

    async def _read_rows(self, reader: Reader, ids: Sequence[str]) -> dict[str, Seen[ExecutionRow]]:
        async with reading(self._pool) as connection:
            return await executions_by_id(connection, reader, ids)

    async def _begin(self, watcher: RootWatcher) -> None:
        async with reading(self._pool) as connection:
            lists = watcher.lists_with(await _granted(connection, watcher))
            new = lists - self._lists.keys()
            roots = await current_roots(connection, new, _recent()) if new else []
        # Others may have begun with them meanwhile, and have been told since.
        for root in roots:
            if root.lists.isdisjoint(self._lists):
                self._known.see(root)
        self._watchers.add(watcher)
        self._enter(watcher, lists)
        if new:
            # What has changed since it was read, nobody has listened for.
            self._others.clear()
            self._poll_soon()

    def _enter(self, watcher: RootWatcher, lists: frozenset[RootList]) -> None:
        """Have a watcher on these lists in place of those that it is on."""
        self._lists.update(lists)
        self._lists.subtract(watcher.lists)
        self._lists = +self._lists
        watcher.lists = lists

    def _poll_soon(self) -> None:
        self._poll_at = 0.0
        self._wake.set()

    def _hear(self, execution_id: str | None, index: int | None) -> None:
        if execution_id is None:
            self._poll_soon()
        elif self._watchers and execution_id not in self._others:
            self._heard.add(execution_id)
            self._wake.set()

    async def _turn(self) -> None:
        await self._woken()
        if not self._watchers:
            self._heard.clear()
            return
        if self._heard:
            await self._read_heard()
        if self._poll_at <= _now():
            await self._poll()
        await asyncio.sleep(GATHER_SECONDS)

    async def _woken(self) -> None:
        """Wait until something was heard or, if anybody watches, the time of the next poll has come."""
        if self._heard:
            return
        try:
            async with asyncio.timeout_at(self._poll_at if self._watchers else None):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _read_heard(self) -> None:
        ids, lists = list(self._heard)[:MOST_IDS], list(self._lists)
        async with reading(self._pool) as connection:
            roots = await roots_by_id(connection, lists, ids)
        self._heard.difference_update(ids)
        self._compare(roots)
        if lists == list(self._lists):
            self._ignore(set(ids) - {root.id for root in roots})

    def _ignore(self, ids: set[str]) -> None:
        """Remember what is no root of a watched list, so that it is not read again whenever it has news."""
        self._known.forget(ids)
        if len(self._others) > MOST_OTHERS:
            self._others.clear()
        self._others.update(ids)

    async def _poll(self) -> None:
        began, recent = _now(), _recent()
        self._poll_at = due = began + self._poll_seconds
        async with reading(self._pool) as connection:
            await self._look_up_grants(connection)
            roots = await current_roots(connection, list(self._lists), recent)
        if self._poll_at == due:
            self._poll_at = max(due, _now() + POLL_SHARE * (_now() - began))
        self._compare(roots)
        self._heard |= self._known.unfinished_but(root.id for root in roots)
        self._known.forget_ended(recent)

    async def _look_up_grants(self, connection: Connection) -> None:
        if _now() < self._granted_at + GRANTS_SECONDS:
            return
        self._granted_at = _now()
        granted = defaultdict[str, list[str]](list)
        for user_id, flow_id in await granted_flows(connection, {each.reader.user_id for each in self._watchers}):
            granted[user_id].append(flow_id)
        for watcher in self._watchers:
            if (lists := watcher.lists_with(granted[watcher.reader.user_id])) != watcher.lists:
                self._others.clear()
                self._enter(watcher, lists)

    def _compare(self, roots: Iterable[Root]) -> None:
        for root in roots:
            # A list that nobody watches any more may have been among those read.
            if not root.lists.isdisjoint(self._lists) and self._known.see(root):
                for watcher in self._watchers:
                    watcher.tell(root)


async def _granted(connection: Connection, watcher: RootWatcher) -> list[str]:
    return [flow_id for _, flow_id in await granted_flows(connection, [watcher.reader.user_id])]


def _now() -> float:
    return asyncio.get_running_loop().time()


def _recent() -> str:
    """The id below which executions were created more than `RECENT_SECONDS` ago."""
    return first_execution_id(int((time.time() - RECENT_SECONDS) * 1000))
