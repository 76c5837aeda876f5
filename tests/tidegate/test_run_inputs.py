"""Values on the command line, read by the schema of the input."""

from pathlib import Path
from typing import Any

import pytest

from engine.document import FlowDocument, parse_document
from engine.errors import BadUserInput
from tidegate.run_inputs import read_inputs
from tidegate.text_file import UnreadableFile


def document(schema: Any) -> FlowDocument:
    """A flow with one input of this schema."""
    inputs = {"name": "x", **({"schema": schema} if schema is not None else {})}
    return parse_document(
        {"tidegate": 1, "name": "Flow", "nodes": [{"id": "x", "type": "flow.input", "inputs": inputs}]}
    )


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "20", "20"),
        ({"type": "string"}, "", ""),
        ({"type": "string"}, "a=b", "a=b"),
        ({"type": "number"}, "20", 20),
        ({"type": "number"}, "1e3", 1000.0),
        ({"type": "integer"}, "-4", -4),
        ({"type": "boolean"}, "true", True),
        ({"type": "array"}, '[1, "a"]', [1, "a"]),
        ({"type": "object"}, '{"a": null}', {"a": None}),
        ({"type": ["string", "null"]}, "null", None),
        ({"type": ["string", "null"]}, "7", "7"),
        ({"enum": ["1", "2"]}, "2", "2"),
        ({"enum": [1, 2]}, "2", 2),
        (None, "7", 7),
        (None, "007", "007"),
        (None, "hello", "hello"),
    ],
)
def test_a_value_is_read_by_the_inputs_schema(schema, text, value):
    read = read_inputs(document(schema), [("x", text)])["x"]

    assert read == value
    assert type(read) is type(value)


def test_a_file_gives_its_text(tmp_path):
    path = tmp_path / "value.txt"
    path.write_text("[1,\n2]\n")

    assert read_inputs(document({"type": "string"}), [("x", f"@{path}")]) == {"x": "[1,\n2]\n"}
    assert read_inputs(document({"type": "array"}), [("x", f"@{path}")]) == {"x": [1, 2]}


def test_two_at_signs_are_one():
    assert read_inputs(document(None), [("x", "@@ada")]) == {"x": "@ada"}


@pytest.mark.parametrize(
    ("schema", "given", "message"),
    [
        ({"type": "number"}, [("x", "many")], "The input 'x' must be of type number: Line 1"),
        ({"type": "integer", "minimum": 3}, [("x", "2")], "The input 'x': The value does not fit"),
        ({"enum": ["a"]}, [("x", "b")], "The input 'x': The value does not fit: $: 'b' is not one of ['a']"),
        (None, [], "The input 'x' is missing."),
        (None, [("x", "1"), ("x", "2")], "The input 'x' is given twice."),
        (None, [("x", "1"), ("y", "2")], "The flow has no input 'y'."),
    ],
)
def test_what_does_not_fit_is_named(schema, given, message):
    with pytest.raises(BadUserInput) as caught:
        read_inputs(document(schema), given)

    assert caught.value.message.startswith(message)


def test_a_long_value_is_not_repeated_as_a_whole():
    with pytest.raises(BadUserInput) as caught:
        read_inputs(document({"type": "string", "maxLength": 3}), [("x", "long" * 1000)])

    assert len(caught.value.message) < 400


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    binary = tmp_path / "image"
    binary.write_bytes(b"\xff\xfe")

    with pytest.raises(UnreadableFile, match="not text in UTF-8"):
        read_inputs(document(None), [("x", f"@{binary}")])
    with pytest.raises(UnreadableFile, match="No such file"):
        read_inputs(document(None), [("x", "@no/such")])
