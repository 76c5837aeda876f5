"""One who watches a list of roots, and what is known of the lists that are watched."""

import asyncio
from collections.abc import Collection, Iterable

from storage.access import Reader
from storage.roots import EVERYBODYS, Of, Root, RootList

INTERVAL_SECONDS = 0.25
"""How long one message follows after another at least."""

MOST_CHANGES = 500
"""How many executions a message tells of; more are left for the next one."""


class RootWatcher:
    """Collects what has changed in the roots that a reader may see, or those of one flow only, until it is taken."""

    def __init__(self, reader: Reader, flow_id: str | None) -> None:
        self.reader = reader
        self.lists: frozenset[RootList] = frozenset()
        self._flow_id = flow_id
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._taken_at = asyncio.get_running_loop().time()
        self._error: Exception | None = None

    def lists_with(self, granted: Iterable[str]) -> frozenset[RootList]:
        """What must be watched for a reader who was granted these flows."""
        if self.reader.sees_all:
            return frozenset({RootList(Of.FLOW, self._flow_id) if self._flow_id else EVERYBODYS})
        own = {RootList(Of.OWNER, self.reader.user_id), RootList(Of.FLOW_OWNER, self.reader.user_id)}
        return frozenset(own | {RootList(Of.FLOW, flow_id) for flow_id in granted})

    def tell(self, root: Root) -> None:
        """Take note of a root that is new or has changed, if it is on these lists."""
        if self._flow_id in (None, root.flow_id) and root.lists & self.lists:
            self._changed[root.id] = None
            self._wake.set()

    def fail(self, error: Exception) -> None:
        """Let who waits raise `error`."""
        self._error = error
        self._wake.set()

    async def take(self) -> list[str]:
        """Wait for changes; gives the ids in the order of their first changes, each once."""
        await self._wake.wait()
        await self._pause()
        if self._error:
            raise self._error
        ids = list(self._changed)[:MOST_CHANGES]
        for id in ids:
            del self._changed[id]
        if not self._changed:
            self._wake.clear()
        return ids

    async def _pause(self) -> None:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(self._taken_at + INTERVAL_SECONDS - clock(), 0))
        self._taken_at = clock()


class KnownRoots:
    """The status in which each root was seen last."""

    def __init__(self) -> None:
        self._seen: dict[str, Root] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def see(self, root: Root) -> bool:
        """Take note of a root; True if it is new or in another status."""
        is_change = self._seen.get(root.id) != root
        self._seen[root.id] = root
        return is_change

    def unfinished_but(self, ids: Iterable[str]) -> set[str]:
        """Those that have not ended, as far as is known, and are not among these."""
        return {root.id for root in self._seen.values() if not root.status.ended} - set(ids)

    def forget(self, ids: Iterable[str]) -> None:
        """Drop what is gone."""
        for id in ids:
            self._seen.pop(id, None)

    def forget_ended(self, before_id: str) -> None:
        """Drop what has ended and has a lower id: it will not be read again."""
        self.forget([root.id for root in self._seen.values() if root.status.ended and root.id < before_id])

    def forget_all_but(self, lists: Collection[RootList]) -> None:
        """Drop the roots that are on none of these lists."""
        self.forget([root.id for root in self._seen.values() if root.lists.isdisjoint(lists)])
