"""How often a node was running when its worker was lost: what makes an execution suspect, and what convicts it."""

from collections import Counter

SUSPECT_LOSSES = 2
"""After so many workers were lost with one attempt under way, the execution is run where it can harm no other."""

FATAL_CRASHES = 2
"""After so many processes died that ran nothing else, and nothing was achieved in between, the execution fails."""


class Losses:
    """Counts the losses of workers by what was running then.

    They are kept under a node and how often it was retried, so that an attempt which ended by itself leaves nothing
    behind; crashes also under how many nodes had not ended yet, so that only those in a row come together.
    """

    def __init__(self) -> None:
        self._lost: Counter[tuple[int, int]] = Counter()
        self._crashed: Counter[tuple[int, int, int]] = Counter()

    def __bool__(self) -> bool:
        return bool(self._lost)

    def note(self, node: int, retries: int, unfinished: int, *, alone: bool) -> None:
        """Count a worker that was lost while this node ran; `alone` if its process ran nothing else and died."""
        self._lost[node, retries] += 1
        if alone:
            self._crashed[node, retries, unfinished] += 1

    def lost(self, node: int, retries: int) -> int:
        """How many workers were lost while the node ran since it was last retried."""
        return self._lost[node, retries]

    def crashed(self, node: int, retries: int, unfinished: int) -> int:
        """How many of them died alone with it, and no node has ended since."""
        return self._crashed[node, retries, unfinished]
