"""Documents at the limits: what is allowed is read, what is beyond is refused before it is looked at."""

from typing import Any

from engine.document import DOCUMENT_BYTES, EDGE_LIMIT, NODE_LIMIT
from engine.validation import check_document
from engine.validation.report import COMPARISONS, Report
from tests.engine.document_types import TYPES, calc, flow


def large(edges: int = EDGE_LIMIT, nodes: int = NODE_LIMIT) -> dict[str, Any]:
    """Each node feeds the following ones."""
    ends = [
        f"n{source}.result → n{source + step}.{'a' if step % 2 else 'b'}"
        for step in range(1, edges // nodes + 2)
        for source in range(nodes - step)
    ]
    return flow(*(calc(f"n{index}") for index in range(nodes)), edges=ends[:edges])


def places(data: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.code.value) for problem in check_document(data, TYPES)[1]]


def test_a_document_of_10_000_nodes_and_50_000_edges_is_valid() -> None:
    document, problems = check_document(large(), TYPES)
    assert problems == []
    assert document is not None
    assert (len(document.nodes), len(document.edges)) == (NODE_LIMIT, EDGE_LIMIT)


def test_a_circle_through_10_000_nodes_is_found() -> None:
    data = large(edges=NODE_LIMIT - 1)
    data["edges"].append({"from": "n9999.result", "to": "n0.a"})
    assert places(data) == [("/edges/0", "CYCLE")]


def test_every_one_of_50_000_wrong_edges_is_reported() -> None:
    data = large()
    for edge in data["edges"]:
        edge["to"] = "nobody.x"
    assert [path for path, code in places(data) if code == "UNKNOWN_NODE"] == [
        f"/edges/{index}/to" for index in range(EDGE_LIMIT)
    ]


def test_one_node_or_edge_too_many_is_the_only_problem() -> None:
    data = flow(*({} for _ in range(NODE_LIMIT + 1)), edges=[]) | {"edges": [{}] * (EDGE_LIMIT + 1)}
    assert places(data) == [("/nodes", "INVALID_VALUE"), ("/edges", "INVALID_VALUE")]


def test_one_byte_too_many_is_the_only_problem() -> None:
    size = len('{"tidegate":1,"name":"Test","nodes":[],"edges":[],"metadata":""}')
    assert places(flow(metadata="x" * (DOCUMENT_BYTES - size))) == []
    assert places(flow(metadata="x" * (DOCUMENT_BYTES - size + 1))) == [("", "INVALID_VALUE")]


def test_suggestions_end_when_they_have_cost_enough() -> None:
    report, names = Report(), [f"name{index}" for index in range(COMPARISONS // 4)]
    answers = [report.suggest("nam1", names) for _ in range(5)]
    assert [bool(answer) for answer in answers] == [True, True, True, True, False]
