"""A tree that is followed, and those who follow it or a part of it."""

import asyncio
from collections.abc import Mapping

from storage.events import TERMINAL_TYPES, Page
from storage.follow import PAGE_ROWS, Follower, Replay, Tail
from storage.subtree import Subtree
from storage.tree_log import Place, TreeRow


class TreeTail(Tail[TreeRow]):
    """What a process knows of the end of a tree's log; `storage/tree_tail.py` keeps it up to date.

    `members` are the executions that may still have news, with the last index that was read of each; what was announced
    and is read already is no news. A *look* begins with a snapshot and ends when all of it was read.
    """

    def __init__(self, root_id: str, first: Place) -> None:
        super().__init__(root_id, first.position)
        self.members: dict[str, int] = {}
        self._newest = first
        self.wanted = asyncio.Event()
        self._must_look = True
        self._heard: dict[str, int] = {}
        self._begun = self._done = 0

    @property
    def complete(self) -> bool:
        """Whether all members have ended and everything was read."""
        return self._done > 0 and not self.members and not self.more

    @property
    def place(self) -> Place | None:
        """Where the window ends; None before anything was read."""
        return self._newest if self._newest.position == self.window.end else None

    def add(self, page: Page[TreeRow]) -> None:
        """Take in the rows that follow the window."""
        self._newest = Place(page.rows[-1].place + 1, page.rows[-1].stamp)
        for row in page.rows:
            if row.type in TERMINAL_TYPES:
                self.members.pop(row.execution_id, None)
            else:
                self.members[row.execution_id] = row.index
        super().add(page)

    def hear(self, execution_id: str, index: int) -> None:
        """Take note of an index that was announced."""
        if self._is_news(execution_id, index):
            self._heard[execution_id] = max(index, self._heard.get(execution_id, index))
            self.wanted.set()

    def look(self) -> int:
        """Ask for a look, whatever was heard; gives the number of the next one to begin."""
        self._must_look = True
        self.wanted.set()
        return self._begun + 1

    def begin_look(self) -> int | None:
        """The number of the look that begins now; None if what was announced was read meanwhile."""
        heard, self._heard = self._heard, {}
        if not self._must_look and not any(self._is_news(*each) for each in heard.items()):
            return None
        self._must_look = False
        self._begun += 1
        return self._begun

    def end_look(self, number: int) -> None:
        """Everything that the look has found was added."""
        self._done = number
        self.more = False
        self.wake()

    def _is_news(self, execution_id: str, index: int) -> bool:
        return index > self.members.get(execution_id, index)

    async def looked(self, number: int) -> None:
        """Wait until a look has ended; raises the error that ended the following, if any."""
        while self._done < number:
            self.check()
            await self.changed.wait()
        self.check()


class TreeFollower(Follower[TreeRow]):
    """One reader of a tree's log who wants a subtree; takes give the rows of the others as well, so as to count on."""

    def __init__(self, tail: TreeTail, place: Place, subtree: Subtree, replay: Replay[TreeRow]) -> None:
        super().__init__(tail, place.position, replay)
        self.subtree = subtree
        self._stamp = place.stamp

    @property
    def place(self) -> Place:
        """Where to go on."""
        return Place(self.next_index, self._stamp)

    @property
    def levels(self) -> Mapping[str, int]:
        """The members of the subtree that were met, with their levels."""
        return self.subtree.levels

    @property
    def ended(self) -> bool:
        """Whether everything of the subtree has ended and nothing of it is left."""
        return not self.subtree.running and self.caught_up

    async def take(self, limit: int = PAGE_ROWS, *, timeout: float | None = None) -> list[TreeRow]:
        """The next rows of the whole tree, as `Follower.take` gives them."""
        rows = await super().take(limit, timeout=timeout)
        for row in rows:
            self.subtree.meet(row.execution_id, row.parent_id, row.level, row.type)
            self._stamp = row.stamp
        return rows
