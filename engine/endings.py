"""The events with which a node ends."""

from collections.abc import Iterator, Mapping

from engine.events import Event, ExecutionError, NodeCompleted, NodeFailed
from engine.starting import status_change
from engine.state import State
from engine.status import NodeStatus
from engine.values import Value


def completion(
    state: State, number: int, outputs: Mapping[str, Value], elapsed: float, *, old: NodeStatus | None = None
) -> Iterator[Event]:
    """The node ends well; `old` is its status where that is not yet what the state says."""
    node = state.plan.nodes[number]
    if state.records_all:
        yield from status_change(state, number, NodeStatus.COMPLETED, old=old)
    yield NodeCompleted.model_construct(
        node_id=node.id,
        node_type=node.node_type.type,
        attempt=state.nodes[number].attempt,
        outputs=dict(outputs),
        execution_time=elapsed,
    )


def failure(state: State, number: int, error: ExecutionError, elapsed: float) -> Iterator[Event]:
    """The node fails for good."""
    node = state.plan.nodes[number]
    yield from status_change(state, number, NodeStatus.FAILED)
    yield NodeFailed(
        node_id=node.id,
        node_type=node.node_type.type,
        attempt=state.nodes[number].attempt,
        error=error,
        execution_time=elapsed,
    )
