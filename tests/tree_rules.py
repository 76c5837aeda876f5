"""The rules that the stream of a tree keeps, for whoever has read one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

SPAWNED = "CHILD_EXECUTION_SPAWNED"
TERMINAL = {"FLOW_COMPLETED", "FLOW_FAILED", "FLOW_CANCELLED"}


class Seen(NamedTuple):
    """An event of a stream; `child_id` is the child that it speaks of."""

    execution_id: str
    index: int
    type: str
    child_id: str | None = None

    @property
    def says_end_of(self) -> str | None:
        """The child whose end it tells."""
        return self.child_id if self.type != SPAWNED else None


def check_order(stream: Sequence[Seen], before: Iterable[Seen] = ()) -> None:
    """Each log is in its order without gap or repeat, and nothing comes before its cause; `before` was seen earlier."""
    ends: dict[str, int] = {}
    spawned: dict[str, int] = {}
    over: set[str] = set()
    children = {event.child_id for event in (*before, *stream) if event.type == SPAWNED}
    for event in (*before, *stream):
        assert event.index == ends.get(event.execution_id, -2) + 1, f"{event} comes after {ends}"
        assert event.execution_id not in children or event.execution_id in spawned, f"{event} comes before its spawn"
        assert event.says_end_of is None or event.says_end_of in over, f"{event} comes before that end"
        ends[event.execution_id] = event.index
        if event.type == SPAWNED and event.child_id:
            spawned[event.child_id] = event.index
        if event.type in TERMINAL:
            over.add(event.execution_id)


def check_complete(stream: Iterable[Seen], last_indices: Mapping[str, int]) -> None:
    """The stream has exactly these logs."""
    found: dict[str, list[int]] = {}
    for event in stream:
        found.setdefault(event.execution_id, []).append(event.index)
    assert found == {id: list(range(-1, last + 1)) for id, last in last_indices.items()}
