"""The events of steps, breakpoints, signals and children by their types, over the subscription."""

import asyncpg
import pytest

from engine.event import Event
from engine.events import (
    BreakpointsSet,
    ChildExecutionCompleted,
    ChildExecutionFailed,
    ChildExecutionSpawned,
    DebugBreakpointHit,
    FlowCancelled,
    FlowDrained,
    FlowPaused,
    FlowResumed,
    FlowStepped,
    NodeWaiting,
    SignalReceived,
)
from engine.records import ExecutionError
from engine.status import ErrorCode
from engine.values import Value
from schema.selections import Selections
from schema.view import NotPlain
from tests.api.client import Client, Json, opened_socket
from tests.api.logs import FLOW_STARTED, append

WATCH = """subscription($id: ID!, $types: [ExecutionEventType!]! = []) {
  executionEvents(executionId: $id, fromIndex: 0, eventTypes: $types) { nextIndex status events {
    type
    ... on FlowPausedEvent { reason runningNodes byParent }
    ... on BreakpointsSetEvent { nodeIds }
    ... on NodeEvent { nodeId nodeType }
    ... on NodeWaitingEvent { until signalName childCount }
    ... on SignalReceivedEvent { signalName payload accepted why: reason }
    ... on ChildEvent { childExecutionId spawnedByNodeId eventName }
    ... on ChildExecutionSpawnedEvent { eventData }
    ... on ChildExecutionCompletedEvent { outputs }
    ... on ChildExecutionFailedEvent { error { code message } }
    ... on TerminalEvent { executionTime }
  } }
}"""

NODE = {"node_id": "double", "node_type": "math.arithmetic"}
BY_NODE = {"child_execution_id": "EX1", "spawned_by_node_id": "double"}
FOR_EVENT = {"child_execution_id": "EX2", "event_name": "order"}
STOPPED = ExecutionError(code=ErrorCode.CANCELLED, message="The child was stopped.")

LOG: tuple[tuple[Event, Json], ...] = (
    (FLOW_STARTED, {"type": "FLOW_STARTED"}),
    (DebugBreakpointHit(**NODE), {"type": "DEBUG_BREAKPOINT_HIT"}),
    (FlowDrained(), {"type": "FLOW_DRAINED"}),
    (BreakpointsSet(node_ids=["out"]), {"type": "BREAKPOINTS_SET", "nodeIds": ["out"]}),
    (FlowStepped(), {"type": "FLOW_STEPPED"}),
    (FlowResumed(), {"type": "FLOW_RESUMED"}),
    (
        FlowPaused(running_nodes=2, by_parent=True),
        {"type": "FLOW_PAUSED", "reason": None, "runningNodes": 2, "byParent": True},
    ),
    (
        NodeWaiting(**NODE, signal_name="approve", until="2026-01-02T03:04:05.678Z"),
        {"type": "NODE_WAITING", "until": "2026-01-02T03:04:05.678Z", "signalName": "approve", "childCount": None},
    ),
    (
        NodeWaiting(**NODE, child_count=3),
        {"type": "NODE_WAITING", "until": None, "signalName": None, "childCount": 3},
    ),
    (
        SignalReceived(signal_name="approve", payload=Value.of({"ok": 1e16}), accepted=False, reason="No."),
        {
            "type": "SIGNAL_RECEIVED",
            "signalName": "approve",
            "payload": {"ok": 1e16},
            "accepted": False,
            "why": "No.",
        },
    ),
    (ChildExecutionSpawned(**BY_NODE), {"type": "CHILD_EXECUTION_SPAWNED", "eventData": None}),
    (
        ChildExecutionSpawned(**FOR_EVENT, event_data=Value.of([7])),
        {"type": "CHILD_EXECUTION_SPAWNED", "eventData": [7]},
    ),
    (
        ChildExecutionCompleted(**BY_NODE, outputs={"doubled": Value.of(8)}),
        {"type": "CHILD_EXECUTION_COMPLETED", "outputs": {"doubled": 8}},
    ),
    (
        ChildExecutionFailed(**FOR_EVENT, error=STOPPED),
        {"type": "CHILD_EXECUTION_FAILED", "error": {"code": "CANCELLED", "message": "The child was stopped."}},
    ),
    (FlowCancelled(execution_time=3), {"type": "FLOW_CANCELLED", "executionTime": 3.0}),
)


def expected(event: Event, own: Json) -> Json:
    """What a client is shown of an event: its own fields and those of its interface."""
    kind = event.kind
    if kind.startswith("NODE_") or kind == "DEBUG_BREAKPOINT_HIT":
        return {**own, "nodeId": "double", "nodeType": "math.arithmetic"}
    if kind.startswith("CHILD_"):
        by_node = vars(event)["event_name"] is None
        family = ("EX1", "double", None) if by_node else ("EX2", None, "order")
        return {**own, **dict(zip(("childExecutionId", "spawnedByNodeId", "eventName"), family, strict=True))}
    return own


def refuse(*_: object) -> None:
    raise NotPlain


@pytest.fixture(params=["quick", "long"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of the two ways an operation takes."""
    if request.param == "long":
        monkeypatch.setattr(Selections, "drawings", refuse)


async def test_each_event_has_the_fields_of_its_kind(client: Client, connection: asyncpg.Connection, way: None) -> None:
    execution = await client.create_execution(await client.create_flow())
    await append(connection, execution, *[event for event, _ in LOG])
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        shown = await socket.events_to_the_end()
    assert shown == [expected(event, own) for event, own in LOG]


async def test_the_status_of_a_stream_follows_breakpoints_and_resumes(
    client: Client, connection: asyncpg.Connection
) -> None:
    execution = await client.create_execution(await client.create_flow())
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution, types=["DEBUG_BREAKPOINT_HIT", "FLOW_RESUMED"])
        assert (await socket.next())["executionEvents"]["status"] == "CREATED"
        for event, status in ((DebugBreakpointHit(**NODE), "PAUSED"), (FlowResumed(), "RUNNING")):
            await append(connection, execution, event)
            batch = (await socket.next())["executionEvents"]
            assert ([each["type"] for each in batch["events"]], batch["status"]) == ([event.kind], status)
