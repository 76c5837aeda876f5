"""Everything that can be wrong with a document has its place and its code."""

from typing import Any

import pytest

from engine.errors import InvalidDocument
from engine.pointer import pointer
from engine.validation import check_document, load_document
from tests.engine.document_types import TYPES, calc, flow, node

Problems = list[tuple[str, str]]


def problems(data: Any) -> Problems:
    return [(problem.path, problem.code.value) for problem in check_document(data, TYPES)[1]]


def message(data: Any) -> str:
    (problem,) = check_document(data, TYPES)[1]
    return problem.message


WAYS: dict[str, Any] = {"ways": [{"port": "left"}, {"port": "right"}]}

STRUCTURE: dict[str, tuple[Any, Problems]] = {
    "an array is no document": ([], [("", "INVALID_VALUE")]),
    "nothing is no document": (None, [("", "INVALID_VALUE")]),
    "the format must be said": (
        {"name": "x", "nodes": []},
        [("/tidegate", "UNSUPPORTED_FORMAT")],
    ),
    "another format": (flow(tidegate=2), [("/tidegate", "UNSUPPORTED_FORMAT")]),
    "a format as text": (flow(tidegate="1"), [("/tidegate", "UNSUPPORTED_FORMAT")]),
    "true is no format": (flow(tidegate=True), [("/tidegate", "UNSUPPORTED_FORMAT")]),
    "a missing name": ({"tidegate": 1, "nodes": []}, [("/name", "INVALID_VALUE")]),
    "an empty name": (flow(name=""), [("/name", "INVALID_VALUE")]),
    "missing nodes": ({"tidegate": 1, "name": "x"}, [("/nodes", "INVALID_VALUE")]),
    "nodes as an object": (flow(nodes={}), [("/nodes", "INVALID_VALUE")]),
    "a node that is none": (flow(calc("a"), 3), [("/nodes/1", "INVALID_VALUE")]),
    "an unknown key": (flow(version=3), [("/version", "UNKNOWN_KEY")]),
    "a key with a slash": (flow(**{"a/b~c": 3}), [("/a~1b~0c", "UNKNOWN_KEY")]),
    "an unknown key of a node": (flow(calc("a", colour="red")), [("/nodes/0/colour", "UNKNOWN_KEY")]),
    "a name of the program, not of the document": (
        flow(calc("a", timeout_ms=5)),
        [("/nodes/0/timeout_ms", "UNKNOWN_KEY")],
    ),
    "an unknown key of a retry": (
        flow(calc("a", retry={"max_attempts": 3})),
        [("/nodes/0/retry/max_attempts", "UNKNOWN_KEY")],
    ),
    "an unknown key of an edge": (
        flow(calc("a"), calc("b"), edges=[]) | {"edges": [{"from": "a.result", "to": "b.a", "via": 1}]},
        [("/edges/0/via", "UNKNOWN_KEY")],
    ),
    "a missing id": (flow({k: v for k, v in calc("a").items() if k != "id"}), [("/nodes/0/id", "INVALID_VALUE")]),
    "a missing type": (flow({"id": "a"}), [("/nodes/0/type", "INVALID_VALUE")]),
    "an id that begins with a digit": (flow(calc("1a")), [("/nodes/0/id", "INVALID_ID")]),
    "an id with a dot": (flow(calc("a.b")), [("/nodes/0/id", "INVALID_ID")]),
    "an id with a newline": (flow(calc("a\n")), [("/nodes/0/id", "INVALID_ID")]),
    "an id of 65 characters": (flow(calc("a" * 65)), [("/nodes/0/id", "INVALID_ID")]),
    "an id that is a number": (flow(calc(3)), [("/nodes/0/id", "INVALID_ID")]),  # type: ignore[arg-type]
    "inputs as an array": (flow({**calc("a"), "inputs": [1]}), [("/nodes/0/inputs", "INVALID_VALUE")]),
    "a timeout of nothing": (flow(calc("a", timeoutMs=0)), [("/nodes/0/timeoutMs", "INVALID_VALUE")]),
    "a timeout as text": (flow(calc("a", timeoutMs="5s")), [("/nodes/0/timeoutMs", "INVALID_VALUE")]),
    "a timeout of true": (flow(calc("a", timeoutMs=True)), [("/nodes/0/timeoutMs", "INVALID_VALUE")]),
    "disabled as text": (flow(calc("a", disabled="yes")), [("/nodes/0/disabled", "INVALID_VALUE")]),
    "no attempt": (
        flow(calc("a", retry={"maxAttempts": 0})),
        [("/nodes/0/retry/maxAttempts", "INVALID_VALUE")],
    ),
    "a factor below one": (flow(calc("a", retry={"factor": 0.5})), [("/nodes/0/retry/factor", "INVALID_VALUE")]),
    "a jitter above one": (flow(calc("a", retry={"jitter": 1.5})), [("/nodes/0/retry/jitter", "INVALID_VALUE")]),
    "codes that are no array": (flow(calc("a", retry={"on": "NODE"})), [("/nodes/0/retry/on", "INVALID_VALUE")]),
    "edges as an object": (flow() | {"edges": {}}, [("/edges", "INVALID_VALUE")]),
    "an edge without an end": (
        flow(calc("a")) | {"edges": [{"from": "a.result"}]},
        [("/edges/0/to", "INVALID_VALUE")],
    ),
    "an end without a port": (flow(calc("a"), calc("b"), edges=["a → b.a"]), [("/edges/0/from", "INVALID_ID")]),
    "an end with two dots": (
        flow(calc("a"), calc("b"), edges=["a.result → b.a.x"]),
        [("/edges/0/to", "INVALID_ID")],
    ),
    "a port with a dash": (
        flow(calc("a"), calc("b"), edges=["a.re-sult → b.a"]),
        [("/edges/0/from", "INVALID_ID")],
    ),
}

VALUES: dict[str, tuple[Any, Problems]] = {
    "NaN": (
        flow(node("f", "test.fetch", url="x", body=[1, float("nan")])),
        [("/nodes/0/inputs/body/1", "INVALID_VALUE")],
    ),
    "infinity in opaque data": (flow(metadata={"x": float("-inf")}), [("/metadata/x", "INVALID_VALUE")]),
    "an integer of 65 bits": (
        flow(node("f", "test.fetch", url="x", body={"n": 2**64})),
        [("/nodes/0/inputs/body/n", "INVALID_VALUE")],
    ),
    "half a surrogate pair": (flow(calc("a", ui={"x": "\ud800"})), [("/nodes/0/ui/x", "INVALID_VALUE")]),
    "a NUL character": (flow(name="a\0b"), [("/name", "INVALID_VALUE")]),
    "a NUL character in a key": (flow(metadata={"a\0": 1}), [("/metadata", "INVALID_VALUE")]),
    "a key that is no text": (flow(metadata={"a": {1: 2}}), [("/metadata/a", "INVALID_VALUE")]),
    "bytes": (flow(metadata=b"x"), [("/metadata", "INVALID_VALUE")]),
}

NODES: dict[str, tuple[Any, Problems]] = {
    "the same id twice": (flow(calc("a"), calc("a")), [("/nodes/1/id", "DUPLICATE_ID")]),
    "ids differ by case": (flow(calc("a"), calc("A")), []),
    "an unknown type": (flow(calc("a", type="test.calk")), [("/nodes/0/type", "UNKNOWN_TYPE")]),
    "a disabled node is checked likewise": (
        flow(calc("a", type="nope", disabled=True)),
        [("/nodes/0/type", "UNKNOWN_TYPE")],
    ),
    "two inputs of one name": (
        flow(node("a", "flow.input", name="x"), node("b", "flow.input", name="x")),
        [("/nodes/1/inputs/name", "DUPLICATE_ID")],
    ),
    "two outputs of one name": (
        flow(node("a", "flow.output", name="x", value=1), node("b", "flow.output", name="x", value=1)),
        [("/nodes/1/inputs/name", "DUPLICATE_ID")],
    ),
    "an input and an output of one name": (
        flow(node("a", "flow.input", name="x"), node("b", "flow.output", name="x", value=1)),
        [],
    ),
}

CONSTANTS: dict[str, tuple[Any, Problems]] = {
    "an unknown port": (
        flow(node("f", "test.fetch", url="x", uri="y")),
        [("/nodes/0/inputs/uri", "UNKNOWN_PORT")],
    ),
    "the program's name of an aliased port": (
        flow(node("j", "test.join", parts=["x"], case_="up")),
        [("/nodes/0/inputs/case_", "UNKNOWN_PORT")],
    ),
    "the alias of a port": (flow(node("j", "test.join", parts=["x"], case="up")), []),
    "a system port": (
        flow(node("f", "test.fetch", url="x", __execute=True)),
        [("/nodes/0/inputs/__execute", "INVALID_VALUE")],
    ),
    "a system port that does not exist": (
        flow(node("f", "test.fetch", url="x", __run=True)),
        [("/nodes/0/inputs/__run", "UNKNOWN_PORT")],
    ),
    "missing inputs": (
        flow(node("c", "test.calc", a=1)),
        [("/nodes/0/inputs/b", "MISSING_INPUT"), ("/nodes/0/inputs/operation", "MISSING_INPUT")],
    ),
    "a missing many input": (flow(node("j", "test.join")), [("/nodes/0/inputs/parts", "MISSING_INPUT")]),
    "the wrong kind": (
        flow(node("c", "test.calc", a="1", b=True, operation="add")),
        [("/nodes/0/inputs/a", "INVALID_VALUE"), ("/nodes/0/inputs/b", "INVALID_VALUE")],
    ),
    "the wrong kind while others are missing": (
        flow(node("c", "test.calc", a="1")),
        [
            ("/nodes/0/inputs/a", "INVALID_VALUE"),
            ("/nodes/0/inputs/b", "MISSING_INPUT"),
            ("/nodes/0/inputs/operation", "MISSING_INPUT"),
        ],
    ),
    "no member of the enum": (
        flow(node("c", "test.calc", a=1, b=2, operation="multiply")),
        [("/nodes/0/inputs/operation", "INVALID_VALUE")],
    ),
    "a float where an integer is due": (
        flow(node("c", "test.calc", a=1, b=2, operation="add", digits=1.5)),
        [("/nodes/0/inputs/digits", "INVALID_VALUE")],
    ),
    "null where it is allowed": (flow(node("c", "test.calc", a=1, b=2, operation="add", digits=None)), []),
    "null where it is not": (
        flow(node("c", "test.calc", a=None, b=2, operation="add")),
        [("/nodes/0/inputs/a", "INVALID_VALUE")],
    ),
    "one wrong item": (
        flow(node("j", "test.join", parts=["x", 3])),
        [("/nodes/0/inputs/parts/1", "INVALID_VALUE")],
    ),
    "one wrong member": (
        flow(node("f", "test.fetch", url="x", headers={"a/b": 3})),
        [("/nodes/0/inputs/headers/a~1b", "INVALID_VALUE")],
    ),
    "a missing constant that shapes the node": (
        flow(node("w", "test.ways", value=1)),
        [("/nodes/0/inputs/ways", "MISSING_INPUT")],
    ),
    "a wrong constant that shapes the node": (
        flow(node("w", "test.ways", value=1, ways=[{"port": "x"}, {"weight": 1}])),
        [("/nodes/0/inputs/ways/1", "INVALID_VALUE")],
    ),
    "a complaint of the type itself": (
        flow(node("w", "test.ways", value=1, ways=[{"port": "x"}])),
        [("/nodes/0/inputs/ways", "INVALID_VALUE")],
    ),
    "a reserved payload": (
        flow(node("f", "test.fetch", url="x", body={"$payload": {"id": "x"}})),
        [("/nodes/0/inputs/body", "INVALID_VALUE")],
    ),
    "secrets where they fit": (
        flow(node("f", "test.fetch", url="x", token={"$secret": "t"}, headers={"a": {"$secret": "h"}})),
        [],
    ),
    "secrets where they do not fit": (
        flow(node("f", "test.fetch", url={"$secret": "u"}, headers={"$secret": "h"}, body=[{"b": {"$secret": "b"}}])),
        [(f"/nodes/0/inputs/{name}", "INVALID_VALUE") for name in ("url", "headers", "body")],
    ),
    "a secret that is none": (
        flow(node("f", "test.fetch", url="x", token="text")),
        [("/nodes/0/inputs/token", "INVALID_VALUE")],
    ),
    "a secret that shapes a node": (
        flow(node("i", "flow.input", name={"$secret": "n"})),
        [("/nodes/0/inputs/name", "INVALID_VALUE")],
    ),
    "a secret without a name": (
        flow(node("f", "test.fetch", url="x", token={"$secret": 3})),
        [("/nodes/0/inputs/token", "INVALID_VALUE")],
    ),
}

EDGES: dict[str, tuple[Any, Problems]] = {
    "unknown nodes": (
        flow(calc("a"), edges=["x.result → a.a", "a.result → y.a"]),
        [("/edges/0/from", "UNKNOWN_NODE"), ("/edges/1/to", "UNKNOWN_NODE")],
    ),
    "unknown ports": (
        flow(calc("a"), calc("b"), edges=["a.rezult → b.aa"]),
        [("/edges/0/from", "UNKNOWN_PORT"), ("/edges/0/to", "UNKNOWN_PORT")],
    ),
    "an input as the source": (
        flow(calc("a"), calc("b"), edges=["a.a → b.a"]),
        [("/edges/0/from", "UNKNOWN_PORT")],
    ),
    "system ports": (
        flow(calc("a"), calc("b"), edges=["a.__success → b.__execute", "a.result → b.__after"]),
        [],
    ),
    "system ports that do not exist": (
        flow(calc("a"), calc("b"), edges=["a.__done → b.__execute", "a.__success → b.__error"]),
        [("/edges/0/from", "UNKNOWN_PORT"), ("/edges/1/to", "UNKNOWN_PORT")],
    ),
    "ports that constants make": (
        flow(node("w", "test.ways", value=1, **WAYS), calc("b"), edges=["w.left → b.a", "w.up → b.b"]),
        [("/edges/1/from", "UNKNOWN_PORT")],
    ),
    "nothing is said of the ports of an unknown type": (
        flow(calc("a", type="nope"), calc("b"), edges=["a.whatever → b.a", "b.result → a.x"]),
        [("/nodes/0/type", "UNKNOWN_TYPE"), ("/edges/0", "CYCLE")],
    ),
    "kinds that do not fit": (
        flow(node("f", "test.fetch", url="x"), calc("b"), edges=["f.ok → b.a"]),
        [("/edges/0", "TYPE_MISMATCH")],
    ),
    "an error message is a text": (
        flow(calc("a"), calc("b"), edges=["a.__errorMessage → b.a"]),
        [("/edges/0", "TYPE_MISMATCH")],
    ),
    "an enum is a text, but no text is an enum": (
        flow(
            calc("a"),
            node("j", "test.join"),
            calc("b"),
            edges=["a.chosen → j.parts", "j.text → b.operation"],
        ),
        [("/edges/1", "TYPE_MISMATCH")],
    ),
    "an edge to a constant": (
        flow(calc("a"), node("w", "test.ways", value=1, **WAYS), edges=["a.result → w.ways"]),
        [("/edges/0/to", "INVALID_VALUE")],
    ),
    "an edge does not make up for a constant": (
        flow(calc("a"), node("i", "flow.input"), edges=["a.result → i.name"]),
        [("/nodes/1/inputs/name", "MISSING_INPUT"), ("/edges/0/to", "INVALID_VALUE")],
    ),
    "the same edge twice": (
        flow(calc("a"), calc("b"), edges=["a.result → b.a", "a.result → b.a"]),
        [("/edges/1", "MULTIPLE_SOURCES")],
    ),
    "several sources for one port": (
        flow(calc("a"), calc("b"), calc("c"), edges=["a.result → c.a", "b.result → c.a"]),
        [],
    ),
    "an edge makes up for a constant": (
        flow(calc("a"), node("b", "test.calc", b=1, operation="add"), edges=["a.result → b.a"]),
        [],
    ),
    "edges that cannot be read hide no missing input": (
        flow(node("b", "test.calc", b=1, operation="add")) | {"edges": None},
        [("/edges", "INVALID_VALUE")],
    ),
    "an edge with an unknown source still connects its target": (
        flow(node("b", "test.calc", b=1, operation="add"), edges=["x.y → b.a"]),
        [("/edges/0/from", "UNKNOWN_NODE")],
    ),
}

CASES = {
    f"{kind}: {name}": case
    for kind, cases in {
        "structure": STRUCTURE,
        "values": VALUES,
        "nodes": NODES,
        "constants": CONSTANTS,
        "edges": EDGES,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES.keys())
def test_each_problem_has_its_place_and_code(data: Any, expected: Problems) -> None:
    assert problems(data) == expected


def test_all_problems_of_a_document_are_reported_at_once_in_its_order() -> None:
    data = flow(
        calc("1"),
        calc("b", type="test.calk", timeoutMs=-1),
        calc("c", inputs={"a": "x", "b": 1, "operation": "add"}, parent="nobody"),
        calc("c"),
        edges=["c.nothing → nobody.a", "c → c.a", "c.result → c.b"],
        tidegate=3,
        extra={},
    )
    assert problems(data) == [
        ("/tidegate", "UNSUPPORTED_FORMAT"),
        ("/extra", "UNKNOWN_KEY"),
        ("/nodes/0/id", "INVALID_ID"),
        ("/nodes/1/timeoutMs", "INVALID_VALUE"),
        ("/nodes/1/type", "UNKNOWN_TYPE"),
        ("/nodes/2/parent", "UNKNOWN_NODE"),
        ("/nodes/2/inputs/a", "INVALID_VALUE"),
        ("/nodes/3/id", "DUPLICATE_ID"),
        ("/edges/0/from", "UNKNOWN_PORT"),
        ("/edges/0/to", "UNKNOWN_NODE"),
        ("/edges/1/from", "INVALID_ID"),
        ("/edges/2", "CYCLE"),
    ]


@pytest.mark.parametrize(
    ("data", "suggestion"),
    [
        (flow(calc("a", type="test.calk")), "Did you mean 'test.calc'?"),
        (flow(node("f", "test.fetch", url="x", bodi=1)), "Did you mean 'body'?"),
        (flow(calc("a"), calc("b"), edges=["a.rezult → b.a"]), "Did you mean 'result'?"),
        (flow(calc("a"), calc("b"), edges=["a.result → b.__exekute"]), "Did you mean '__execute'?"),
        (flow(calc("total"), calc("b"), edges=["totals.result → b.a"]), "Did you mean 'total'?"),
        (flow(calc("a", retry={"maxAttempt": 3})), "Did you mean 'maxAttempts'?"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_right_one(data: Any, suggestion: str) -> None:
    assert message(data).endswith(suggestion)


def test_a_kind_mismatch_names_both_ports_and_kinds() -> None:
    data = flow(node("f", "test.fetch", url="x"), calc("b"), edges=["f.ok → b.a"])
    assert message(data) == "f.ok is of kind boolean, b.a of kind number."


def test_a_constant_of_the_wrong_kind_names_both_kinds() -> None:
    assert message(flow(node("c", "test.calc", a=[], b=2, operation="add"))) == "Expected number, got array."


def test_a_type_that_fails_over_constants_is_a_problem_and_not_an_error() -> None:
    data = flow(node("w", "test.ways", value=1, ways=[{"port": "x"}, {"port": "y"}], fail="ports"))
    (unknown, failed) = check_document(data, TYPES)[1]
    assert (unknown.path, failed.path) == ("/nodes/0/inputs/fail", "/nodes/0/inputs")
    assert failed.message == "No ports can be made from these constants: ZeroDivisionError: division by zero."


def test_a_value_that_is_nested_too_deeply_is_refused_and_not_walked() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    ((path, code),) = problems(flow(metadata=deep))
    assert path.startswith("/metadata/0/0")
    assert code == "INVALID_VALUE"


def test_a_valid_document_is_returned_and_has_no_problems() -> None:
    document, found = check_document(flow(calc("a"), calc("b"), edges=["a.result → b.a"]), TYPES)
    assert found == []
    assert document is not None
    assert [str(edge) for edge in document.edges] == ["a.result → b.a"]


def test_loading_an_invalid_document_raises_all_its_problems() -> None:
    with pytest.raises(InvalidDocument, match=r"/nodes/0/type: There is no node type 'x'\. \(and 1 more\)") as caught:
        load_document(flow(calc("a", type="x"), calc("a")), TYPES)
    assert [problem.path for problem in caught.value.problems] == ["/nodes/0/type", "/nodes/1/id"]


def test_a_pointer_escapes_tildes_and_slashes() -> None:
    assert pointer("nodes", 3, "a/b~c") == "/nodes/3/a~1b~0c"
