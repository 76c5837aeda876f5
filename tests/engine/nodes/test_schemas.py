"""JSON Schemas: inferred from values, and values held against them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.json_schemas import misfits
from engine.nodes import BUILT_IN
from engine.schema_inference import infer_schema
from tests.engine.nodes.bench import Bench

SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.floats(allow_nan=False, width=16) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc$"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(VALUES)
def test_a_value_fits_the_schema_that_it_suggests(value: Any) -> None:
    assert misfits(value, infer_schema(value)) == []


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (7, {"type": "integer"}),
        (None, {"type": "null"}),
        ([], {"type": "array"}),
        ([1, 2.5], {"type": "array", "items": {"type": "number"}}),
        ([1, "a", None], {"type": "array", "items": {"type": ["integer", "string", "null"]}}),
        (
            [{"a": 1, "b": True}, {"a": 2}],
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}},
                    "required": ["a"],
                },
            },
        ),
    ],
)
async def test_what_items_have_in_common_is_required(node: Bench, value: Any, schema: Any) -> None:
    dialect = "https://json-schema.org/draft/2020-12/schema"
    assert await node.run("schema.infer", value=value) == {"schema": {"$schema": dialect, **schema}}


async def test_a_large_value_is_looked_at_in_a_child(node: Bench) -> None:
    rows = [{"id": number, "name": "x"} for number in range(5_000)]
    schema = (await node.run("schema.infer", value=rows))["schema"]
    assert schema["items"]["required"] == ["id", "name"]
    assert (await node.run("schema.validate", value=rows, schema=schema))["valid"]
    error = await node.fail("schema.infer", value={f"key{number}": 1 for number in range(10_001)})
    assert error.message == "Input 'value': the schema would describe more than 10000 keys."


async def test_the_schema_of_a_deep_value_can_be_stored_or_is_refused(node: Bench) -> None:
    deep: Any = 1
    for _ in range(90):
        deep = {"in": deep}
    assert (await node.run("schema.infer", value=deep))["schema"]["required"] == ["in"]
    assert "more than 90 levels" in (await node.fail("schema.infer", value=[deep])).message


ORDER = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "a/b": {"items": {"pattern": "^x"}}},
    "required": ["id", "note"],
}


async def test_every_misfit_is_told_with_its_place(node: Bench) -> None:
    outputs = await node.run("schema.validate", value={"id": "7", "a/b": ["x", "y"]}, schema=ORDER)
    assert outputs["valid"] is False
    assert sorted(outputs["errors"], key=lambda error: str(error["path"])) == [
        {"path": "", "message": "'note' is a required property"},
        {"path": "/a~1b/1", "message": "'y' does not match '^x'"},
        {"path": "/id", "message": "'7' is not of type 'integer'"},
    ]
    assert await node.run("schema.validate", value={"id": 7, "note": ""}, schema=ORDER) == {"valid": True, "errors": []}


async def test_misfits_are_bounded_in_number_and_length(node: Bench) -> None:
    outputs = await node.run("schema.validate", value=["x" * 10_000] * 500, schema={"items": {"type": "integer"}})
    assert len(outputs["errors"]) == 100
    assert len(outputs["errors"][0]["message"]) < 400


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integr"}, "it is not a valid JSON Schema: 'integr'"),
        ({"$ref": "https://example.com/schema"}, "the schema refers to"),
        ({"pattern": "(?=a)"}, "the schema cannot be used"),
        ({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 2}}, "$ref": "#/$defs/a"}, ""),
    ],
)
async def test_a_schema_that_cannot_be_used_is_the_failure_of_its_port(node: Bench, schema: Any, said: str) -> None:
    error = await node.fail("schema.validate", value="a", schema=schema)
    assert error.failure_code == "INPUT"
    assert error.message.startswith(f"Input 'schema': {said}")


@pytest.mark.usefixtures("hasty")
async def test_a_comparison_that_takes_too_long_is_ended(node: Bench) -> None:
    value = [{"n": number} for number in range(20_000)]
    error = await node.fail("schema.validate", value=value, schema={"uniqueItems": True})
    assert "'schema': the work was ended" in error.message


def test_a_constant_schema_is_checked_with_the_document() -> None:
    assert "not a valid JSON Schema" in BUILT_IN["schema.validate"].check({"schema": {"type": 1}})["schema"]
    assert BUILT_IN["schema.validate"].check({"schema": ORDER}) == {}
