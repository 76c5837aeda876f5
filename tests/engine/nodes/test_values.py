"""The value nodes, and the logic on booleans."""

from typing import Any

import pytest

from tests.engine.nodes.bench import Bench

SAMPLES: dict[str, Any] = {
    "text": "é",
    "markdown": "# Title",
    "html": "<b>&amp;</b>",
    "number": 3,
    "boolean": False,
    "object": {"b": 1, "a": [None]},
    "array": [1, "a", None],
}


@pytest.mark.parametrize(("kind", "value"), SAMPLES.items())
async def test_a_value_comes_out_as_it_went_in(node: Bench, kind: str, value: Any) -> None:
    outputs = await node.run(f"value.{kind}", value=value)
    assert outputs == {"value": value}
    assert type(outputs["value"]) is type(value)


async def test_the_order_of_keys_survives(node: Bench) -> None:
    assert list((await node.run("value.object", value={"b": 1, "a": 2}))["value"]) == ["b", "a"]


@pytest.mark.parametrize("kind", SAMPLES)
async def test_null_is_no_value_of_any_kind(node: Bench, kind: str) -> None:
    error = await node.fail(f"value.{kind}", value=None)
    assert error.failure_code == "INPUT"
    assert "'value'" in error.message
    assert "null" in error.message


@pytest.mark.parametrize(("kind", "value"), [("number", True), ("number", "3"), ("boolean", 1), ("text", 3)])
async def test_nothing_converts_silently(node: Bench, kind: str, value: Any) -> None:
    assert "expected" in (await node.fail(f"value.{kind}", value=value)).message


async def test_coalesce_takes_the_first_value_that_is_not_null(node: Bench) -> None:
    assert await node.run("value.coalesce", values=[None, False, 1]) == {"result": False}
    assert await node.run("value.coalesce", values=[None]) == {"result": None}


@pytest.mark.parametrize(
    ("values", "conjunction", "disjunction"),
    [([True, True], True, True), ([True, False], False, True), ([False], False, False)],
)
async def test_and_needs_all_and_or_needs_one(
    node: Bench, values: list[bool], conjunction: bool, disjunction: bool
) -> None:
    assert await node.run("logic.and", values=values) == {"result": conjunction}
    assert await node.run("logic.or", values=values) == {"result": disjunction}


async def test_not_turns_a_boolean_around(node: Bench) -> None:
    assert await node.run("logic.not", value=False) == {"result": True}


async def test_logic_takes_booleans_only(node: Bench) -> None:
    assert "values.1" in (await node.fail("logic.and", values=[True, 1])).message
    assert "'value'" in (await node.fail("logic.not", value=0)).message
