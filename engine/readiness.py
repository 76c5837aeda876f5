"""When a node may run: what it still waits for, and how a source port that settles changes that.

A source settles once: it resolves with a value, or it is dead. A node is ready when nothing is open; it is doomed, and
will be skipped, as soon as one thing that it needs can no longer come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.plan import PlanEdge, PlanNode
from engine.ports import AFTER, EXECUTE
from engine.status import IDLE, JoinMode, NodeStatus
from engine.values import Value

if TYPE_CHECKING:
    from engine.state import State


@dataclass(slots=True)
class Readiness:
    """What a node waits for.

    `open` counts unmet requirements: each connected input (all together where the first is enough), `__execute`,
    `__after`, the start of the group around it. `unsettled` counts, by port, the edges of which nothing is known yet,
    `first` has the edge that resolved first; a port with a sole edge is in neither. Where the first input is enough,
    `met` has the connected inputs that got a value before the node began, in that order, and `is_content` is true if a
    constant is enough. `causes` has the nodes that doomed it.
    """

    open: int = 0
    open_members: int = 0
    live_inputs: int = 0
    is_content: bool = False
    unsettled: dict[str, int] = field(default_factory=dict)
    first: dict[str, PlanEdge] = field(default_factory=dict)
    met: Sequence[str] = ()
    causes: Sequence[int] = ()
    doomed: bool = False


UNKNOWN = Readiness()
"""What is known of any node before the flow has started; it is never changed."""

# What most nodes share: nothing is ever put into these.
_NO_COUNTS: dict[str, int] = {}
_NO_EDGES: dict[str, PlanEdge] = {}


def requirements(state: "State", node: PlanNode, members: int) -> Readiness:
    """Count what a node waits for at the start of a flow; `members` is how many of a group's members take part."""
    inputs, around = len(node.inputs), int(node.parent is not None)
    unsettled, first = _NO_COUNTS, _NO_EDGES
    if node.shared:
        around += (EXECUTE in node.shared) + (AFTER in node.shared)
        unsettled, first = dict(node.shared), {}
    if node.join is JoinMode.ALL:
        return Readiness(around + inputs, members, inputs, False, unsettled, first)
    # What shapes the node is no value that it could run on.
    is_content = any(name not in node.shaping for name in state.constants(node))
    return Readiness(around + (inputs > 0 and not is_content), members, inputs, is_content, unsettled, first)


def settle(state: "State", edge: PlanEdge, value: Value | None) -> None:
    """Note at the target of an edge that its source resolved with a value, or (None) is dead."""
    number = edge.target_node
    if state.inside is not None and not state.inside[number]:
        return
    record = state.nodes[number]
    readiness = record.readiness
    if not edge.sole:
        _settle_shared(state, state.plan.nodes[number], readiness, edge, value)
    elif value is None:
        _doom(state, state.plan.nodes[number], readiness, edge.target_port)
    else:
        readiness.open -= 1
        if readiness.open == 0 and record.status is IDLE and not readiness.doomed:
            state.make_ready(number)


def _settle_shared(state: "State", node: PlanNode, readiness: Readiness, edge: PlanEdge, value: Value | None) -> None:
    port = edge.target_port
    readiness.unsettled[port] -= 1
    if port == EXECUTE:
        _settle_execute(state, node, readiness, edge, value)
    elif port == AFTER:
        _meet(state, node, readiness, readiness.unsettled[AFTER] == 0)
    elif port in node.many:
        _settle_many(state, node, readiness, edge, value)
    else:
        _settle_input(state, node, readiness, edge, value)


def reopen(state: "State", number: int) -> None:
    """Work out anew what a node waits for that has not begun, from all that has settled by now."""
    node, record = state.plan.nodes[number], state.nodes[number]
    around = None if node.parent is None else state.nodes[node.parent].status
    if around is NodeStatus.SKIPPED or (record.readiness.doomed and not record.readiness.causes):
        # No edge has doomed it.
        return
    members = sum(state.is_inside(member) and not state.nodes[member].status.ended for member in node.members)
    record.status, record.readiness = NodeStatus.IDLE, requirements(state, node, members)
    if around is NodeStatus.EXECUTING:
        _meet(state, node, record.readiness, True)
    elif record.readiness.open == 0:
        state.make_ready(number)
    for edge, value in _settled(state, node):
        settle(state, edge, value)


def _settled(state: "State", node: PlanNode) -> list[tuple[PlanEdge, Value | None]]:
    """The edges into a node of which something is known, in the order in which that came to be known."""
    found: list[tuple[int, int, PlanEdge, Value | None]] = []
    for edge in (edge for edges in node.incoming.values() for edge in edges):
        source, port = state.nodes[edge.source_node], edge.source_port
        if port in source.outputs:
            turn = source.early[port].turn if port in source.early else source.turn
            found.append((turn, list(source.outputs).index(port), edge, source.outputs[port]))
        elif source.status.ended:
            found.append((source.turn, len(source.outputs), edge, None))
    found.sort(key=lambda each: (*each[:2], each[2].number))
    return [(edge, value) for _, _, edge, value in found]


def start_members(state: "State", group: PlanNode) -> None:
    """Let the members of a group that has started run."""
    for member in filter(state.is_inside, group.members):
        _meet(state, state.plan.nodes[member], state.nodes[member].readiness, True)


def _settle_execute(state: "State", node: PlanNode, readiness: Readiness, edge: PlanEdge, value: Value | None) -> None:
    counts = value is not None and (value.data is True or not edge.conditional)
    if counts and EXECUTE not in readiness.first:
        readiness.first[EXECUTE] = edge
        _meet(state, node, readiness, True)
    elif readiness.unsettled[EXECUTE] == 0 and EXECUTE not in readiness.first:
        _doom(state, node, readiness, EXECUTE)


def _settle_many(state: "State", node: PlanNode, readiness: Readiness, edge: PlanEdge, value: Value | None) -> None:
    port = edge.target_port
    if value is not None:
        readiness.first.setdefault(port, edge)
    if readiness.unsettled[port] == 0:
        if port in readiness.first:
            _meet_input(state, node, readiness, port)
        else:
            _lose_input(state, node, readiness, port)


def _settle_input(state: "State", node: PlanNode, readiness: Readiness, edge: PlanEdge, value: Value | None) -> None:
    port = edge.target_port
    if value is not None and port not in readiness.first:
        readiness.first[port] = edge
        _meet_input(state, node, readiness, port)
    elif readiness.unsettled[port] == 0 and port not in readiness.first:
        _lose_input(state, node, readiness, port)


def _meet_input(state: "State", node: PlanNode, readiness: Readiness, port: str) -> None:
    record = state.nodes[node.number]
    if node.join is JoinMode.ALL:
        _meet(state, node, readiness, True)
    elif record.inputs is None and not record.status.ended:
        # A node that has begun does not run on what comes now.
        readiness.met = (*readiness.met, port)
        _meet(state, node, readiness, len(readiness.met) == 1 and not readiness.is_content)


def _lose_input(state: "State", node: PlanNode, readiness: Readiness, port: str) -> None:
    readiness.live_inputs -= 1
    if node.join is JoinMode.ALL or (readiness.live_inputs == 0 and not readiness.is_content):
        _doom(state, node, readiness, port)


def _meet(state: "State", node: PlanNode, readiness: Readiness, met: bool) -> None:
    readiness.open -= met
    if met and readiness.open == 0 and not readiness.doomed and state.nodes[node.number].status is IDLE:
        state.make_ready(node.number)


def _doom(state: "State", node: PlanNode, readiness: Readiness, port: str) -> None:
    if not readiness.doomed:
        readiness.doomed = True
        ports = [port] if node.join is JoinMode.ALL or port == EXECUTE else list(node.inputs)
        sources = (edge.source_node for each in ports for edge in node.incoming[each])
        readiness.causes = list(dict.fromkeys(sources))
        state.doom(node.number)
