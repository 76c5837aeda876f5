"""flow.input and flow.output: the interface of a flow."""

import pytest

from engine.nodes import BUILT_IN
from engine.ports import PortKind
from tests.engine.nodes.bench import Bench

FLOW_INPUT = BUILT_IN["flow.input"]


async def test_the_value_is_the_execution_s_own_input(node: Bench) -> None:
    node.given(inputs={"price": 7})
    assert await node.run("flow.input", name="price", default=20) == {"value": 7}


async def test_a_given_null_is_not_replaced_by_the_default(node: Bench) -> None:
    node.given(inputs={"price": None})
    assert await node.run("flow.input", name="price", default=20) == {"value": None}


async def test_the_default_stands_in_for_an_input_that_was_not_given(node: Bench) -> None:
    assert await node.run("flow.input", name="price", default=None) == {"value": None}


async def test_an_input_without_default_that_was_not_given_fails_by_name(node: Bench) -> None:
    error = await node.fail("flow.input", name="price")
    assert error.failure_code == "INPUT"
    assert "'price'" in error.message


async def test_an_empty_name_is_refused(node: Bench) -> None:
    assert "'name'" in (await node.fail("flow.input", name="")).message
    assert "'name'" in (await node.fail("flow.output", name="", value=1)).message


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "integer"}, PortKind.NUMBER),
        ({"type": "number"}, PortKind.NUMBER),
        ({"type": "string"}, PortKind.STRING),
        ({"type": "array"}, PortKind.ARRAY),
        ({"type": ["string", "null"]}, PortKind.ANY),
        ({}, PortKind.ANY),
        (None, PortKind.ANY),
    ],
)
def test_the_schema_s_type_decides_what_the_port_carries(schema: object, kind: PortKind) -> None:
    assert FLOW_INPUT.ports({"name": "price", "schema": schema}).outputs["value"].kind is kind


def test_the_port_publishes_the_schema() -> None:
    schema = {"type": "integer", "minimum": 1}
    assert FLOW_INPUT.ports({"schema": schema}).outputs["value"].schema == schema


def test_an_invalid_schema_is_a_problem_of_the_document() -> None:
    assert "not a valid JSON Schema" in FLOW_INPUT.check({"schema": {"type": "numbr"}})["schema"]


def test_a_default_that_does_not_fit_its_schema_is_a_problem_of_the_document() -> None:
    problems = FLOW_INPUT.check({"schema": {"type": "number"}, "default": "20"})
    assert "'20' is not of type 'number'" in problems["default"]
    assert FLOW_INPUT.check({"schema": {"type": "number"}, "default": 20}) == {}


def test_references_out_of_a_schema_are_never_fetched() -> None:
    schema = {"$ref": "http://127.0.0.1:1/schema.json"}
    assert "does not contain" in FLOW_INPUT.check({"schema": schema, "default": 1})["default"]


@pytest.mark.parametrize(
    ("schema", "default"),
    [
        ({"type": "string", "pattern": "^(a+)+$"}, "a" * 5_000 + "!"),
        ({"type": "object", "patternProperties": {"^(a+)+$": {"type": "number"}}}, {"aa": "x"}),
    ],
)
@pytest.mark.timeout(30)
def test_patterns_that_would_run_away_elsewhere_are_answered_at_once(schema: object, default: object) -> None:
    assert "does not fit" in FLOW_INPUT.check({"schema": schema, "default": default})["default"]


def test_a_schema_that_refers_to_itself_without_end_is_refused() -> None:
    assert "without end" in FLOW_INPUT.check({"schema": {"$ref": "#"}, "default": 1})["default"]


async def test_an_output_passes_its_value_on(node: Bench) -> None:
    assert await node.run("flow.output", name="total", value=[1]) == {"value": [1]}
