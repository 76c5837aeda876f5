"""What is recorded of a run, and in which order."""

from typing import Any

import pytest

from engine.events import (
    EdgeTransferCompleted,
    EdgeTransferStarted,
    NodeStarted,
    NodeStatusChanged,
)
from engine.options import ExecutionOptions
from engine.status import NodeStatus, RecordEvents
from tests.engine.log_rules import LEFT_OUT_OF_NODES, check_transfers
from tests.engine.running import Run, everything, flow, output, run, told, work
from tests.engine.virtual_clock import in_virtual_time

DOCUMENT = flow(
    work("a", "test.effect", lasts=10),
    work("b", fails=1, retry={"maxAttempts": 2, "initialDelayMs": 50, "jitter": 0.0}),
    work("mute", gives=[]),
    work("c"),
    {"id": "log", "type": "debug.log", "inputs": {"message": "hello"}},
    output("o"),
    edges=["a.x > b.a", "a.flag > b.__execute", "a.y > b.items", "b.x > o.value", "mute.x > c.a", "a.x > log.__after"],
)


async def recorded(**options: Any) -> Run:
    return await run(DOCUMENT, options=ExecutionOptions(**options))


@in_virtual_time
async def test_all_tells_of_one_activation_in_the_order_of_the_contract() -> None:
    done = await recorded(record_events=RecordEvents.ALL)
    about = [event for event in done.events if "b" in (getattr(event, "node_id", ""), _target(event))]
    assert told(about) == [
        *["EDGE_TRANSFER_STARTED", "EDGE_TRANSFER_COMPLETED"] * 3,
        *["NODE_STATUS_CHANGED b", "NODE_STARTED b", "NODE_STATUS_CHANGED b", "NODE_RETRYING b"],
        *["NODE_STATUS_CHANGED b", "NODE_STARTED b", "NODE_STATUS_CHANGED b", "NODE_COMPLETED b"],
    ]


def _target(event: Any) -> str:
    return str(getattr(event, "target", "")).partition(".")[0]


@in_virtual_time
async def test_edges_that_carry_nothing_are_not_told_of() -> None:
    done = await recorded(record_events=RecordEvents.ALL)
    check_transfers(done.events)
    told_of = [(event.source, event.target) for event in done.events if isinstance(event, EdgeTransferStarted)]
    assert told_of == [("a.flag", "b.__execute"), ("a.x", "b.a"), ("a.y", "b.items"), ("b.x", "o.value")]


@in_virtual_time
async def test_a_transfer_takes_as_long_as_the_value_waited() -> None:
    document = flow(
        work("quick", "test.safe", lasts=10),
        work("slow", "test.safe", lasts=500),
        work("both"),
        edges=["quick.x > both.a", "slow.x > both.b"],
    )
    done = await run(document)
    times = {event.source: event.transfer_time for event in done.events if isinstance(event, EdgeTransferCompleted)}
    assert times == {"quick.x": 490, "slow.x": 0}


@in_virtual_time
async def test_status_changes_follow_each_other_without_a_jump() -> None:
    done = await recorded(record_events=RecordEvents.ALL)
    changes = [(event.old_status, event.new_status) for event in done.of_node("b", NodeStatusChanged)]
    ready, executing, waiting = NodeStatus.READY, NodeStatus.EXECUTING, NodeStatus.WAITING
    assert changes == [
        (ready, executing),
        (executing, waiting),
        (waiting, executing),
        (executing, NodeStatus.COMPLETED),
    ]
    assert [event.old_status for event in done.of_node("c", NodeStatusChanged)] == [NodeStatus.IDLE]


@pytest.mark.parametrize("record", [RecordEvents.NODES, RecordEvents.FLOW])
@in_virtual_time
async def test_less_is_all_without_some_kinds(record: RecordEvents) -> None:
    full = await recorded(record_events=RecordEvents.ALL)
    # One loop, so the second run begins later: what counts is the order.
    less = await recorded(record_events=record)
    assert told(less.events) == told(event for event in full.events if event.kind not in LEFT_OUT_OF_NODES)
    assert {event.kind for event in full.events} >= set(LEFT_OUT_OF_NODES) - {"EDGE_TRANSFER_FAILED"}


@in_virtual_time
async def test_nodes_is_what_is_recorded_unless_asked_otherwise() -> None:
    assert not {event.kind for event in (await recorded()).events} & set(LEFT_OUT_OF_NODES)


@in_virtual_time
async def test_debug_records_everything_whatever_was_asked_for() -> None:
    done = await recorded(record_events=RecordEvents.FLOW, debug=True)
    assert told(done.events) == told((await recorded(record_events=RecordEvents.ALL)).events)


@in_virtual_time
async def test_the_start_of_a_node_tells_all_its_inputs_constants_included() -> None:
    done = await run(flow(work("a"), work("b", n=5), edges=["a.x > b.a"]), options=everything())
    (start,) = done.of_node("b", NodeStarted)
    assert {port: value.data for port, value in start.inputs.items()} == {
        "n": 5,
        "a": done.state.nodes[0].outputs["x"].data,
    }
