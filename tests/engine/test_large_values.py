"""Values at the edge of what can be stored: as deep as may be, and as large."""

from typing import Any

import pytest

from engine.errors import ValueRefused
from engine.events import NodeCompleted, NodeFailed
from engine.node import Context, Input, Node, Output
from engine.nodes import BUILT_IN
from engine.registry import Registry
from engine.status import ErrorCode, ExecutionStatus
from engine.validation import load_document
from engine.values import DEPTH_LIMIT, VALUE_LIMIT, Value
from tests.engine.running import Run, flow, output
from tests.engine.virtual_clock import in_virtual_time


def nested(levels: int) -> Any:
    data: Any = 1
    for _ in range(levels):
        data = [data]
    return data


class MakesInput(Input):
    levels: int = 1
    characters: int = 0


class MakesOutput(Output):
    value: Any


class Makes(Node[MakesInput, MakesOutput]):
    """Gives a value that is so deep and so large."""

    type = "test.makes"
    pure = True

    async def run(self, inputs: MakesInput, context: Context) -> MakesOutput:
        return MakesOutput(value=nested(inputs.levels) if inputs.levels > 1 else "x" * inputs.characters)


REGISTRY = Registry([Makes, *BUILT_IN.values()])


def makes(node_id: str, **inputs: int) -> dict[str, Any]:
    return {"id": node_id, "type": "test.makes", "inputs": inputs}


async def run(*nodes: dict[str, Any], edges: list[str]) -> Run:
    return await Run.of(flow(*nodes, edges=edges), REGISTRY).live()


def failure_of(done: Run, node_id: str) -> NodeFailed:
    (failed,) = done.of_node(node_id, NodeFailed)
    return failed


@in_virtual_time
async def test_the_deepest_value_can_be_joined_with_others_given_out_and_read_back_from_the_log() -> None:
    done = await run(
        makes("deep", levels=DEPTH_LIMIT),
        makes("other", levels=DEPTH_LIMIT),
        {"id": "first", "type": "value.coalesce", "inputs": {}},
        output("o"),
        edges=["deep.value > first.values", "other.value > first.values", "first.result > o.value"],
    )
    assert done.status is ExecutionStatus.COMPLETED
    assert done.outputs == {"o": nested(DEPTH_LIMIT)}
    assert done.replayed().outputs == done.state.outputs
    assert done.replayed().nodes[2].inputs == done.state.nodes[2].inputs


@in_virtual_time
async def test_a_value_that_is_too_deep_fails_the_node_that_gave_it_and_names_the_port() -> None:
    done = await run(makes("deep", levels=DEPTH_LIMIT + 1), edges=[])
    error = failure_of(done, "deep").error
    assert error.code is ErrorCode.PAYLOAD
    assert "Output 'value'" in error.message
    assert f"more than {DEPTH_LIMIT} levels" in error.message


def test_a_constant_that_is_too_deep_is_refused_when_the_document_is_checked() -> None:
    with pytest.raises(Exception, match="nested too deeply"):
        load_document(flow({"id": "a", "type": "value.array", "inputs": {"value": nested(DEPTH_LIMIT + 1)}}), REGISTRY)


def test_many_brackets_side_by_side_or_in_a_text_are_not_deep() -> None:
    assert Value.of([[]] * 1000).data == [[]] * 1000
    assert Value.of("[" * 1000).data == "[" * 1000
    with pytest.raises(ValueRefused):
        Value.of([*[[]] * 1000, nested(DEPTH_LIMIT)])


@in_virtual_time
async def test_values_that_are_too_large_together_fail_only_the_node_that_they_meet_at_and_name_the_port() -> None:
    half = VALUE_LIMIT // 2
    done = await run(
        makes("a", characters=half),
        makes("b", characters=half),
        {"id": "both", "type": "flow.collect", "inputs": {}},
        output("message"),
        edges=["a.value > both.items", "b.value > both.items", "both.__errorMessage > message.value"],
    )
    assert done.status is ExecutionStatus.COMPLETED
    assert len(done.of_node("a", NodeCompleted)) == len(done.of_node("b", NodeCompleted)) == 1
    assert failure_of(done, "both").error.code is ErrorCode.PAYLOAD
    assert done.outputs["message"].startswith("Input 'items': The value has ")
