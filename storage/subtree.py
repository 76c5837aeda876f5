"""An execution and its descendants, as one who reads the log of the whole tree comes to know them."""

from collections.abc import Mapping

from storage.events import TERMINAL_TYPES


class Subtree:
    """`levels` are the distances from the root of the tree by member; `running` are those that have not ended.

    It begins with what there is before reading begins. What is spawned later is met as reading goes on: no event of an
    execution comes before the one that has spawned it.
    """

    def __init__(self, levels: Mapping[str, int], running: set[str]) -> None:
        self.levels = dict(levels)
        self.running = running

    def meet(self, execution_id: str, parent_id: str | None, level: int, kind: str) -> None:
        """Take note of an event that is read."""
        if execution_id not in self.levels:
            if parent_id not in self.levels:
                return
            self.levels[execution_id] = level
            self.running.add(execution_id)
        if kind in TERMINAL_TYPES:
            self.running.discard(execution_id)
