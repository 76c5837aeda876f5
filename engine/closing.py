"""How an execution ends before its nodes have: what is under way is cancelled first."""

from collections.abc import Iterator

from engine.decision import Decision
from engine.event import Event
from engine.events import FlowFailed, NodeFailed
from engine.node_record import NodeRecord
from engine.records import ExecutionError
from engine.starting import status_change
from engine.state import State
from engine.status import ErrorCode, NodeStatus


def fail_flow(state: State, error: ExecutionError, now: int) -> Decision:
    """End the execution as failed."""
    return close(state, FlowFailed(error=error, execution_time=flow_time(state, now)), now)


def close(state: State, terminal: Event, now: int) -> Decision:
    """End the execution with this event: nodes that are under way are cancelled first."""
    cancelled = [event for number in state.begun_nodes() for event in _cancel(state, number, now)]
    return Decision((*cancelled, terminal), closing=True)


def flow_time(state: State, now: int) -> float:
    """Milliseconds since the start; 0 if it never started."""
    return float(max(now - state.started_at, 0)) if state.started_at is not None else 0.0


def node_time(record: NodeRecord, now: int) -> float:
    """Milliseconds since the node's last attempt began; 0 if there was none."""
    return float(max(now - record.started_at, 0)) if record.started_at is not None else 0.0


def _cancel(state: State, number: int, now: int) -> Iterator[Event]:
    node, record = state.plan.nodes[number], state.nodes[number]
    error = ExecutionError(
        code=ErrorCode.CANCELLED,
        message="Cancelled because the execution ended.",
        node_id=node.id,
        retryable=False,
    )
    yield from status_change(state, number, NodeStatus.FAILED)
    yield NodeFailed(
        node_id=node.id,
        node_type=node.type_name,
        attempt=record.attempt,
        error=error,
        execution_time=node_time(record, now),
    )
