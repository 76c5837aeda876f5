"""Cutting the log of a tree into the batches that a subscriber to an execution of it asked for."""

from typing import Any

from resolvers.batches import Batch, Batches, Wish
from schema.tree_events import cursor_of
from storage.events import EventRow
from storage.executions import ExecutionRow
from storage.tree_follow import TreeFollower


class TreeBatches(Batches):
    """The batches of one subscriber, until everything has ended; the other members' events only move the place on."""

    def __init__(self, follower: TreeFollower, wish: Wish, execution: ExecutionRow) -> None:
        super().__init__(follower, wish, execution)
        self._tree = follower
        self._told = self.cursor

    @property
    def cursor(self) -> str:
        """Where somebody goes on who has got everything so far."""
        return cursor_of(self._execution_id, self._tree.place)

    def _wanted(self, rows: list[EventRow]) -> list[EventRow]:
        return [row for row in super()._wanted(rows) if row.execution_id in self._tree.levels]

    def _close(self) -> Batch:
        self._told = self.cursor
        return super()._close()

    def _resume(self) -> dict[str, Any]:
        return {"cursor": self._told}
