"""The nodes that decide which way a flow goes: branch, switch, gate, merge, collect, group."""

from typing import Any

import pytest

from engine.nodes import BUILT_IN
from engine.status import NODE_CODES, JoinMode
from tests.engine.nodes.bench import Bench

SWITCH = BUILT_IN["flow.switch"]


async def test_only_the_taken_branch_resolves(node: Bench) -> None:
    assert await node.run("flow.branch", condition=True, value="x") == {"true": "x"}
    assert await node.run("flow.branch", condition=False, value="x") == {"false": "x"}


async def test_a_branch_without_a_value_carries_true(node: Bench) -> None:
    assert await node.run("flow.branch", condition=False) == {"false": True}


async def test_a_branch_carries_a_null_that_it_was_given(node: Bench) -> None:
    assert await node.run("flow.branch", condition=True, value=None) == {"true": None}


async def test_a_condition_is_a_boolean_and_nothing_else(node: Bench) -> None:
    error = await node.fail("flow.branch", condition="true")
    assert error.failure_code == "INPUT"
    assert error.message == "Input 'condition': expected boolean, got string."


CASES = [{"port": "one", "equals": 1}, {"port": "yes", "equals": True}, {"port": "pair", "equals": {"a": [1, 2]}}]


@pytest.mark.parametrize(
    ("value", "port"),
    [(1, "one"), (1.0, "one"), (True, "yes"), ({"a": [1.0, 2]}, "pair"), ("1", "default"), (None, "default")],
)
async def test_a_switch_takes_the_first_case_that_is_equal_in_kind_and_value(
    node: Bench, value: Any, port: str
) -> None:
    assert await node.run("flow.switch", value=value, cases=CASES) == {port: value}


async def test_the_first_of_two_equal_cases_wins(node: Bench) -> None:
    cases = [{"port": "a", "equals": 1}, {"port": "b", "equals": 1}]
    assert await node.run("flow.switch", value=1, cases=cases) == {"a": 1}


@pytest.mark.parametrize("port", ["json", "copy", "model_dump", "keys"])
async def test_a_case_may_be_named_like_a_method_of_the_model(node: Bench, port: str) -> None:
    assert await node.run("flow.switch", value=1, cases=[{"port": port, "equals": 1}]) == {port: 1}


def test_a_switch_has_a_port_for_each_case_and_the_default() -> None:
    assert list(SWITCH.ports({"cases": CASES}).outputs) == ["one", "yes", "pair", "default"]


@pytest.mark.parametrize("port", ["__success", "1st", "a-b", "", "default"])
def test_a_name_that_no_port_can_have_is_a_problem_of_the_document(port: str) -> None:
    assert repr(port) in SWITCH.check({"cases": [{"port": port, "equals": 1}]})["cases"]


def test_a_port_that_two_cases_name_is_a_problem_of_the_document() -> None:
    cases = [{"port": "a", "equals": 1}, {"port": "a", "equals": 2}]
    assert "'a' is given 2 times" in SWITCH.check({"cases": cases})["cases"]
    assert SWITCH.check({"cases": CASES}) == {}


async def test_a_gate_lets_its_value_through_only_when_it_is_open(node: Bench) -> None:
    assert await node.run("flow.gate", open=True, value=5) == {"value": 5}
    assert await node.run("flow.gate", open=False, value=5) == {}


async def test_a_merge_carries_what_arrived(node: Bench) -> None:
    assert BUILT_IN["flow.merge"].join is JoinMode.ANY
    assert await node.run("flow.merge", c=None) == {"value": None}
    assert await node.run("flow.merge", b="x") == {"value": "x"}
    assert "'a'" in (await node.fail("flow.merge")).message


async def test_collect_keeps_the_order_of_its_edges(node: Bench) -> None:
    assert await node.run("flow.collect", items=[3, None, 1]) == {"items": [3, None, 1]}


async def test_a_group_is_not_run_by_itself(node: Bench) -> None:
    assert BUILT_IN["group"].engine_run
    assert "members" in (await node.fail("group")).message


async def test_a_flow_fails_on_purpose_with_the_code_that_a_node_may_give(node: Bench) -> None:
    assert (await node.fail("flow.fail", message="The order is empty.")).message == "The order is empty."
    for code in NODE_CODES:
        assert (await node.fail("flow.fail", message="x", code=code.value)).failure_code == code
    assert "'code'" in (await node.fail("flow.fail", message="x", code="CRASH")).message
