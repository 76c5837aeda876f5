"""Nodes and groups that would wait for each other for ever."""

import random
from typing import Any

import pytest

from engine.problems import Problem
from engine.validation import check_document
from engine.validation.circles import find_circles
from tests.engine.document_types import TYPES, calc, flow, group


def problems(data: Any) -> list[Problem]:
    return check_document(data, TYPES)[1]


def places(data: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.code.value) for problem in problems(data)]


def test_a_circle_is_named_at_its_first_edge() -> None:
    data = flow(
        calc("a"),
        calc("b"),
        calc("c"),
        calc("d"),
        edges=["a.result → b.a", "b.result → c.a", "d.result → b.b", "c.result → b.b", "c.result → d.a"],
    )
    (problem,) = problems(data)
    assert (problem.path, problem.code) == ("/edges/1", "CYCLE")
    assert problem.message == "These nodes wait for each other: b → c → b."


def test_a_node_that_feeds_itself_is_a_circle() -> None:
    (problem,) = problems(flow(calc("a"), edges=["a.result → a.a"]))
    assert problem.message == "These nodes wait for each other: a → a."


def test_each_set_of_nodes_that_wait_for_each_other_is_one_problem() -> None:
    edges = ["a.result → b.a", "b.result → a.a", "b.result → c.a", "c.result → d.a", "d.result → c.b"]
    assert places(flow(*map(calc, "abcd"), edges=edges)) == [("/edges/0", "CYCLE"), ("/edges/3", "CYCLE")]


@pytest.mark.parametrize("port", ["__execute", "__after"])
def test_edges_to_system_ports_make_circles_too(port: str) -> None:
    assert places(flow(calc("a"), calc("b"), edges=["a.result → b.a", f"b.__success → a.{port}"])) == [
        ("/edges/0", "CYCLE")
    ]


def test_a_diamond_is_no_circle() -> None:
    edges = ["a.result → b.a", "a.result → c.a", "b.result → d.a", "c.result → d.b"]
    assert places(flow(*map(calc, "abcd"), edges=edges)) == []


def test_a_parent_must_be_there_and_be_a_group() -> None:
    data = flow(calc("a", parent="b"), calc("b"), calc("c", parent="nobody"), group("g"), calc("d", parent="g"))
    assert places(data) == [("/nodes/0/parent", "INVALID_VALUE"), ("/nodes/2/parent", "UNKNOWN_NODE")]


def test_groups_nest_and_edges_cross_them() -> None:
    data = flow(
        group("outer"),
        group("inner", parent="outer"),
        calc("a", parent="inner"),
        calc("b", parent="outer"),
        calc("c"),
        edges=["c.result → a.a", "a.result → b.a", "inner.__success → b.__execute", "c.__success → outer.__execute"],
    )
    assert places(data) == []


@pytest.mark.parametrize(
    "nodes",
    [
        [group("g", parent="g")],
        [group("g", parent="h"), group("h", parent="g")],
        [group("g", parent="h"), group("h", parent="g"), calc("a", parent="g")],
    ],
)
def test_groups_that_contain_each_other_are_one_circle(nodes: list[Any]) -> None:
    assert places(flow(*nodes)) == [("/nodes/0/parent", "CYCLE")]


def test_the_circle_of_groups_is_spelled_out() -> None:
    (problem,) = problems(flow(group("g", parent="h"), group("h", parent="g")))
    assert problem.message == "These groups contain each other: g in h in g."


@pytest.mark.parametrize(
    ("edge", "reason"),
    [
        ("a.result → g.__execute", "a group starts before its members"),
        ("g.__success → a.__execute", "a group ends after its members"),
        ("deep.result → g.__after", "a group starts before its members' members"),
    ],
)
def test_a_group_cannot_wait_for_its_members_nor_they_for_it(edge: str, reason: str) -> None:
    nodes = [group("g"), calc("a", parent="g"), group("h", parent="g"), calc("deep", parent="h")]
    assert places(flow(*nodes, edges=[edge])) == [("/edges/0", "CYCLE")], reason


def test_a_circle_through_a_group_is_found() -> None:
    data = flow(
        group("g"),
        calc("in", parent="g"),
        calc("out"),
        edges=["g.__success → out.__execute", "out.result → in.a"],
    )
    (problem,) = problems(data)
    assert (problem.path, problem.code) == ("/edges/0", "CYCLE")
    assert problem.message == "These nodes wait for each other: g → out → in → g."


def test_a_long_circle_is_cut_short_in_its_message() -> None:
    names = [f"n{index}" for index in range(100)]
    edges = [f"{name}.result → {names[(index + 1) % 100]}.a" for index, name in enumerate(names)]
    (problem,) = problems(flow(*map(calc, names), edges=edges))
    assert problem.message.endswith("n18 → n19 → … (80 more) → n0.")


def test_circles_are_those_that_naive_reachability_finds() -> None:
    chance = random.Random(7)
    for _ in range(300):
        size = chance.randint(1, 8)
        followers = [[v for v in range(size) if chance.random() < 0.2] for _ in range(size)]
        circles = find_circles(followers)
        assert {frozenset(_mates(followers, circle[0])) for circle in circles} == _circular_parts(followers)
        assert all(_is_circle(followers, circle) for circle in circles)


def _is_circle(followers: list[list[int]], circle: list[int]) -> bool:
    steps = zip(circle, circle[1:] + circle[:1], strict=True)
    return len(set(circle)) == len(circle) and all(after in followers[before] for before, after in steps)


def _circular_parts(followers: list[list[int]]) -> set[frozenset[int]]:
    circular = [vertex for vertex in range(len(followers)) if vertex in _reachable(followers, vertex)]
    return {frozenset(_mates(followers, vertex)) for vertex in circular}


def _mates(followers: list[list[int]], vertex: int) -> set[int]:
    return {each for each in _reachable(followers, vertex) if vertex in _reachable(followers, each)}


def _reachable(followers: list[list[int]], vertex: int) -> set[int]:
    found: set[int] = set()
    waiting = [vertex]
    while waiting:
        new = set(followers[waiting.pop()]) - found
        found |= new
        waiting += new
    return found
