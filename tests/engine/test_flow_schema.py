"""The JSON Schema of flow documents agrees with what reads them."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.flow_schema import flow_schema
from engine.nodes import BUILT_IN
from engine.reading import Format, read_document
from engine.validation import check_document
from tidegate.reference import FLOW_SCHEMA

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
SCHEMA = flow_schema(BUILT_IN)
VALIDATOR = Draft202012Validator(SCHEMA)

ADD = {"id": "sum", "type": "math.arithmetic", "inputs": {"operation": "add", "a": 1, "b": 2.5}}


def flow(*nodes: Any, **more: Any) -> dict[str, Any]:
    return {"tidegate": 1, "name": "A flow", "nodes": list(nodes), **more}


def node(**more: Any) -> dict[str, Any]:
    return flow({**ADD, **more})


def complaints(data: Any) -> list[str]:
    """Where the schema has something against a document."""
    return ["/".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(data)]


WRONG = {
    "another format": (node() | {"tidegate": 2}, "tidegate"),
    "an unknown key": (flow(nodes=[]) | {"nods": []}, ""),
    "an unknown key of a node": (node(tilte="x"), "nodes/0"),
    "an id that is none": (node(id="2nd"), "nodes/0/id"),
    "an unknown type": (node(type="math.arithmetics"), "nodes/0/type"),
    "an unknown input": (node(inputs={"operation": "add", "c": 1}), "nodes/0/inputs"),
    "a value that is none of those there are": (node(inputs={"operation": "plus"}), "nodes/0/inputs/operation"),
    "a value of another kind": (node(inputs={"operation": "add", "a": "1"}), "nodes/0/inputs/a"),
    "a part of a value": (
        flow({"id": "way", "type": "flow.switch", "inputs": {"value": 1, "cases": [{"port": 1, "equals": 2}]}}),
        "nodes/0/inputs/cases/0/port",
    ),
    "a constant that must be there": (flow({"id": "in", "type": "flow.input", "inputs": {}}), "nodes/0/inputs"),
    "a policy beyond its limits": (node(retry={"maxAttempts": 0}), "nodes/0/retry"),
    "an edge from nowhere": (node() | {"edges": [{"to": "sum.a"}]}, "edges/0"),
    "an edge to no port": (node() | {"edges": [{"from": "sum.result", "to": "sum"}]}, "edges/0/to"),
}


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_its_file_is_what_the_code_makes() -> None:
    """Run `python -m tidegate.reference` to write it anew."""
    from engine.flow_schema import schema_text

    assert FLOW_SCHEMA.read_text(encoding="utf-8") == schema_text(BUILT_IN)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_right(path: Path) -> None:
    assert complaints(read_document(path.read_text(), Format.YAML).data) == []


@pytest.mark.parametrize("more", [{}, {"retry": {"jitter": True, "on": ["TIMEOUT"]}, "title": None, "disabled": True}])
def test_what_is_valid_is_right(more: dict[str, Any]) -> None:
    data = node(**more) | {"edges": [{"from": "sum.__error", "to": "out.__after"}]}
    assert complaints(data) == []


@pytest.mark.parametrize(("data", "place"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_found_in_its_place_and_is_not_valid_either(data: Any, place: str) -> None:
    assert complaints(data) == [place]
    assert check_document(data, BUILT_IN)[1]


def test_every_type_is_explained() -> None:
    (types,) = (part["anyOf"] for part in [SCHEMA["$defs"]["NodeDocument"]["properties"]["type"]])

    assert [each["const"] for each in types] == list(BUILT_IN)
    assert all(each["title"] and each["description"] for each in types)
