"""Cutting the log of a tree into the batches that a subscriber to an execution of it asked for."""

from resolvers.batches import Batches, Wish
from storage.events import EventRow
from storage.executions import ExecutionRow
from storage.tree_follow import TreeFollower


class TreeBatches(Batches):
    """The batches of one subscriber, until everything has ended; the other members' events only move the place on."""

    def __init__(self, follower: TreeFollower, wish: Wish, execution: ExecutionRow) -> None:
        super().__init__(follower, wish, execution)
        self._levels = follower.levels

    def _add(self, row: EventRow) -> None:
        if row.execution_id in self._levels and (self._wish.kinds is None or row.type in self._wish.kinds):
            self._rows.append(row)
            self._length += len(row.data)
