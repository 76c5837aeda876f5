"""The order of a tree's events: any family, seen at any times, gives an order in which no effect precedes its cause."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.tree_order import ChildNews, Growth, Range, in_causal_order
from tests.tree_rules import SPAWNED, Seen, check_complete, check_order


class Family:
    """Executions that write, spawn, end and hear of ends as chance wants it, and a reader that looks now and then."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.logs: dict[str, list[Seen]] = {}
        self.parents: dict[str, str | None] = {}
        self.over: set[str] = set()
        self.unheard: dict[str, list[str]] = {}
        self.covered: dict[str, int] = {}
        self._create("root", None)

    def _create(self, id: str, parent: str | None) -> None:
        self.parents[id] = parent
        self.logs[id], self.unheard[id] = [], []
        self._write(id, "EXECUTION_CREATED")

    def _write(self, id: str, kind: str, child: str | None = None) -> None:
        self.logs[id].append(Seen(id, len(self.logs[id]) - 1, kind, child))

    def commit(self) -> None:
        """One append of one execution: some events, and perhaps its end."""
        id = self.chance.choice(list(self.logs))
        if id in self.over:
            return
        for _ in range(self.chance.randint(1, 4)):
            self._happen(id)
        if self.chance.random() < 0.15:
            self._end(id)

    def _happen(self, id: str) -> None:
        kind = self.chance.choice(["plain", "spawn", "hear"])
        if kind == "spawn" and len(self.logs) < 30:
            child = f"{id}.{len(self.logs)}"
            self._write(id, SPAWNED, child)
            self._create(child, id)
        elif kind == "hear" and self.unheard[id]:
            child = self.unheard[id].pop(self.chance.randrange(len(self.unheard[id])))
            self._write(id, self.chance.choice(["CHILD_EXECUTION_COMPLETED", "CHILD_EXECUTION_FAILED"]), child)
        else:
            self._write(id, "NODE_STARTED")

    def _end(self, id: str) -> None:
        self._write(id, "FLOW_COMPLETED")
        self.over.add(id)
        parent = self.parents[id]
        if parent:
            self.unheard[parent].append(id)

    def look(self) -> list[Seen]:
        """What a reader finds new, in the order that it is given."""
        grown = [self._growth(id) for id in self.logs if self._last(id) > self.covered.get(id, -2)]
        self.chance.shuffle(grown)
        self.covered = {id: self._last(id) for id in self.logs}
        return [event for part in in_causal_order(grown) for event in self._events(part)]

    def _last(self, id: str) -> int:
        return len(self.logs[id]) - 2

    def _growth(self, id: str) -> Growth:
        start = self.covered.get(id, -2) + 1
        new = self.logs[id][start + 1 :]
        news = [ChildNews(event.index, event.child_id, event.type != SPAWNED) for event in new if event.child_id]
        return Growth(id, self.parents[id], start, self._last(id), id in self.over, news)

    def _events(self, part: Range) -> list[Seen]:
        return self.logs[part.execution_id][part.from_index + 1 : part.to_index + 2]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.01, 1.0), st.integers(1, 200))
def test_any_family_seen_at_any_times_is_in_order_and_complete(seed: int, looks: float, commits: int) -> None:
    family = Family(random.Random(seed))
    stream: list[Seen] = []
    for _ in range(commits):
        family.commit()
        if family.chance.random() < looks:
            stream += family.look()
            check_order(stream)
    stream += family.look()
    check_order(stream)
    check_complete(stream, {id: family._last(id) for id in family.logs})


def test_a_parent_is_cut_where_it_tells_of_an_end_and_nowhere_else() -> None:
    news = [ChildNews(2, "a", False), ChildNews(3, "b", False), ChildNews(5, "a", True), ChildNews(7, "b", True)]
    parent = Growth("p", None, 0, 9, True, news)
    children = [Growth("a", "p", -1, 4, True), Growth("b", "p", -1, 3, True)]
    assert in_causal_order([parent, *children]) == [
        Range("p", 0, 4), Range("a", -1, 4), Range("b", -1, 3), Range("p", 5, 9)
    ]  # fmt: skip


def test_an_end_that_was_given_before_cuts_nothing() -> None:
    parent = Growth("p", None, 4, 9, False, [ChildNews(5, "a", True), ChildNews(7, "b", False)])
    assert in_causal_order([Growth("b", "p", -1, 0), parent]) == [Range("p", 4, 9), Range("b", -1, 0)]


def test_an_end_that_comes_first_is_preceded_by_the_child() -> None:
    parent = Growth("p", None, 4, 4, False, [ChildNews(4, "a", True)])
    assert in_causal_order([parent, Growth("a", "p", 2, 3, True)]) == [Range("a", 2, 3), Range("p", 4, 4)]


def test_nothing_new_has_no_order() -> None:
    assert in_causal_order([]) == []


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ([Seen("p", -1, "EXECUTION_CREATED"), Seen("p", 1, "NODE_STARTED")], "comes after"),
        ([Seen("p", -1, "EXECUTION_CREATED"), Seen("p", -1, "EXECUTION_CREATED")], "comes after"),
        (
            [Seen("c", -1, "EXECUTION_CREATED"), Seen("p", -1, "EXECUTION_CREATED"), Seen("p", 0, SPAWNED, "c")],
            "before its spawn",
        ),
        (
            [Seen("p", -1, SPAWNED, "c"), Seen("c", -1, "NODE_STARTED"), Seen("p", 0, "CHILD_EXECUTION_FAILED", "c")],
            "before that end",
        ),
    ],
)
def test_the_rules_find_what_is_out_of_order(stream: list[Seen], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_order(stream)
