"""Putting what is new in the logs of a tree into one order in which no effect comes before its cause.

Everything new was seen at one time. Each log keeps its own order; beyond that two things are causes. A child is created
by the commit that says so in its parent's log, so CHILD_EXECUTION_SPAWNED comes before all of the child. And a parent
hears of a child's end after it, so the child's last event comes before CHILD_EXECUTION_COMPLETED or FAILED. A parent's
log is cut where such an event would otherwise come too early, and nowhere else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChildNews:
    """What the event at `index` says of a child: that it was spawned, or that it `has_ended`."""

    index: int
    child_id: str
    has_ended: bool


@dataclass(frozen=True, slots=True)
class Growth:
    """The events `from_index` to `to_index` of an execution are new; `children` is what they say of its children.

    `children` are by index. `has_ended` says that the event at `to_index` is the terminal one.
    """

    execution_id: str
    parent_id: str | None
    from_index: int
    to_index: int
    has_ended: bool = False
    children: Sequence[ChildNews] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """The events `from_index` to `to_index` of an execution, which follow each other directly."""

    execution_id: str
    from_index: int
    to_index: int

    @property
    def length(self) -> int:
        """How many events these are."""
        return self.to_index - self.from_index + 1


def in_causal_order(grown: Sequence[Growth]) -> list[Range]:
    """Order what one snapshot shows as new, each execution at most once; what is given in front stays in front."""
    families = _families(grown)
    known = {growth.execution_id for growth in grown}
    tops = [growth for growth in grown if growth.parent_id not in known]
    return list(_all(tops, families))


Families = Mapping[str, Mapping[str, Growth]]
"""The children that have grown, by parent and by their own id."""


def _families(grown: Iterable[Growth]) -> Families:
    families: dict[str, dict[str, Growth]] = {}
    for growth in grown:
        if growth.parent_id is not None:
            families.setdefault(growth.parent_id, {})[growth.execution_id] = growth
    return families


def _all(growths: Iterable[Growth], families: Families) -> Iterator[Range]:
    for growth in growths:
        yield from _with_descendants(growth, families)


def _with_descendants(parent: Growth, families: Families) -> Iterator[Range]:
    children = families.get(parent.execution_id, {})
    unborn = {news.child_id for news in parent.children if not news.has_ended}
    # Those that may come next: their parent has said of them what it had to say before.
    due = {id: child for id, child in children.items() if id not in unborn}
    start = parent.from_index
    for news in parent.children:
        if not news.has_ended and news.child_id in children:
            due[news.child_id] = children[news.child_id]
        elif news.child_id in due:
            yield from _range(parent, start, news.index - 1)
            yield from _all(due.values(), families)
            start, due = news.index, {}
    yield from _range(parent, start, parent.to_index)
    yield from _all(due.values(), families)


def _range(growth: Growth, start: int, end: int) -> Iterator[Range]:
    if start <= end:
        yield Range(growth.execution_id, start, end)
