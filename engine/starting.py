"""What a node starts with: the values that its edges bring, and the events that say so."""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.errors import ValueRefused
from engine.event import Event
from engine.events import EdgeTransferCompleted, EdgeTransferFailed, EdgeTransferStarted, NodeStarted, NodeStatusChanged
from engine.plan import PlanEdge, PlanNode
from engine.ports import EXECUTE, PortKind, accepts, kind_of_value
from engine.records import ExecutionError
from engine.secret_reference import contains_reference, has_reference
from engine.state import State
from engine.status import ErrorCode, JoinMode, NodeStatus
from engine.values import UNLOADED, Value


def start_node(state: State, number: int, now: int) -> tuple[Event, ...]:
    """The events that begin an attempt: what arrives at the node, and its start.

    Raises `ValueRefused` where the values that come together at a port are too large.
    """
    node, record = state.plan.nodes[number], state.nodes[number]
    started = NodeStarted(
        node_id=node.id,
        node_type=node.type_name,
        attempt=record.attempt + 1,
        inputs=dict(record.inputs) if record.inputs is not None else _gather(state, node),
        idempotency_key=f"{state.setup.execution_id}:{node.id}",
    )
    if not state.records_all:
        return (started,)
    return (*_transfers(state, node, now), *status_change(state, number, NodeStatus.EXECUTING), started)


def _gather(state: State, node: PlanNode) -> dict[str, Value]:
    inputs, records = dict(state.constants(node)), state.nodes
    if node.shared:
        return inputs | {port: _brought(state, node, port) for port in _ports_used(state, node)}
    for port, edge in node.sole.items():
        inputs[port] = records[edge.source_node].outputs[edge.source_port]
    return inputs


def _brought(state: State, node: PlanNode, port: str) -> Value:
    """What the edges bring to a port, of which there may be several."""
    edges = _edges_used(state, node, port)
    values = [state.nodes[edge.source_node].outputs[edge.source_port] for edge in edges]
    return _join(port, values) if port in node.many else values[0]


def _join(port: str, values: list[Value]) -> Value:
    try:
        return Value.listed(values)
    except ValueRefused as error:
        raise ValueRefused(f"Input '{port}': {error.message}") from None


def _ports_used(state: State, node: PlanNode) -> Sequence[str]:
    """The connected inputs that have a value; of a node that runs on the first, only that one."""
    if node.join is JoinMode.ANY:
        return state.nodes[node.number].readiness.met[:1]
    return node.inputs


def _edges_used(state: State, node: PlanNode, port: str) -> tuple[PlanEdge, ...]:
    if port in node.sole:
        return (node.sole[port],)
    if port not in node.many:
        return (state.nodes[node.number].readiness.first[port],)
    return tuple(edge for edge in node.incoming[port] if edge.source_port in state.nodes[edge.source_node].outputs)


def _transfers(state: State, node: PlanNode, now: int) -> Iterator[Event]:
    if state.nodes[node.number].attempt:
        return
    first = state.nodes[node.number].readiness.first
    for port in (*([EXECUTE] if EXECUTE in first else []), *_ports_used(state, node)):
        for edge in _edges_used(state, node, port):
            yield EdgeTransferStarted(source=edge.source, target=edge.target)
            yield _arrival(state, edge, now)


def _arrival(state: State, edge: PlanEdge, now: int) -> Event:
    source = state.nodes[edge.source_node]
    data = source.outputs[edge.source_port].data
    if data is not UNLOADED and not _fits(edge.target_kind, source.outputs[edge.source_port]):
        message = f"{edge.target} takes {edge.target_kind}, but got {_nature(data)}."
        node_id = state.plan.nodes[edge.target_node].id
        error = ExecutionError(code=ErrorCode.TRANSFER, message=message, node_id=node_id)
        return EdgeTransferFailed(source=edge.source, target=edge.target, error=error)
    resolved_at = source.resolved_at(edge.source_port, now)
    return EdgeTransferCompleted(source=edge.source, target=edge.target, transfer_time=float(max(now - resolved_at, 0)))


def _fits(kind: PortKind, value: Value) -> bool:
    return accepts(kind, value.data) and (kind is PortKind.SECRET or not has_reference(value.data, value.text))


def _nature(data: Any) -> str:
    return "a reference to a secret" if contains_reference(data) else kind_of_value(data) or "null"


def status_change(state: State, number: int, status: NodeStatus, *, old: NodeStatus | None = None) -> Iterator[Event]:
    """The event that says a node's new status, if it is one and such events are recorded."""
    before, node = old or state.nodes[number].status, state.plan.nodes[number]
    if before is not status and state.records_all:
        yield NodeStatusChanged(
            node_id=node.id,
            node_type=node.type_name,
            old_status=before,
            new_status=status,
        )
