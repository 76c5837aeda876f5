"""The events with which a node ends."""

from collections.abc import Iterator

from engine.event import Event
from engine.events import NodeCompleted, NodeFailed
from engine.records import ExecutionError, Values
from engine.starting import status_change
from engine.state import State
from engine.status import NodeStatus
from engine.stream_reference import stream_value


def completion(
    state: State, number: int, outputs: Values, elapsed: float, *, old: NodeStatus | None = None
) -> tuple[Event, ...]:
    """The node ends well; `old` is its status where that is not yet what the state says."""
    node, record = state.plan.nodes[number], state.nodes[number]
    completed = NodeCompleted(
        node_id=node.id,
        node_type=node.type_name,
        attempt=record.attempt,
        outputs=_with_given(state, number, outputs) if record.early or node.stream_outputs else outputs,
        execution_time=elapsed,
    )
    if not state.records_all:
        return (completed,)
    return (*status_change(state, number, NodeStatus.COMPLETED, old=old), completed)


def _with_given(state: State, number: int, outputs: Values) -> Values:
    """The outputs, with those that were given before; a stream that nothing was written to is an empty one."""
    node, record = state.plan.nodes[number], state.nodes[number]
    early = {port: record.outputs[port] for port in record.early}
    streams = {port: stream_value(node.id, port, record.pieces(port)) for port in node.stream_outputs}
    return {**outputs, **early, **streams}


def failure(state: State, number: int, error: ExecutionError, elapsed: float) -> Iterator[Event]:
    """The node fails for good."""
    node = state.plan.nodes[number]
    yield from status_change(state, number, NodeStatus.FAILED)
    yield NodeFailed(
        node_id=node.id,
        node_type=node.type_name,
        attempt=state.nodes[number].attempt,
        error=error,
        execution_time=elapsed,
    )
