"""What a node gives before it ends: outputs that resolve early, and the pieces of streams."""

from collections.abc import Iterator

from engine.commands import NodeResolved, NodeWrote
from engine.decision import NOTHING, Decision
from engine.event import Event
from engine.events import NodeOutputChunk, NodePortResolved
from engine.outcomes import is_current
from engine.state import State
from engine.status import RecordEvents
from engine.stream_reference import stream_value
from engine.values import Value


def node_resolved(state: State, command: NodeResolved, now: int) -> Decision:
    """The port resolves."""
    if not is_current(state, command.node, command.attempt):
        return NOTHING
    return Decision(tuple(_resolution(state, command.node, command.port, command.value)))


def node_wrote(state: State, command: NodeWrote, now: int) -> Decision:
    """The pieces are recorded; with the first of them the port resolves."""
    if not is_current(state, command.node, command.attempt):
        return NOTHING
    node = state.plan.nodes[command.node]
    events = list(_resolution(state, command.node, command.port, stream_value(node.id, command.port)))
    if state.setup.options.recorded is not RecordEvents.FLOW or node.has_reader(command.port):
        events.append(_chunk(state, command))
    return Decision(tuple(events))


def _resolution(state: State, number: int, port: str, value: Value) -> Iterator[Event]:
    node, record = state.plan.nodes[number], state.nodes[number]
    if port not in record.outputs:
        yield NodePortResolved(
            node_id=node.id, node_type=node.type_name, attempt=record.attempt, port=port, value=value
        )


def _chunk(state: State, command: NodeWrote) -> NodeOutputChunk:
    node = state.plan.nodes[command.node]
    return NodeOutputChunk(
        node_id=node.id,
        node_type=node.type_name,
        attempt=command.attempt,
        port=command.port,
        sequence=command.sequence,
        count=command.count,
        chunk=command.chunk,
    )
