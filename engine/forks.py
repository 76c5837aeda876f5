"""What a fork takes over from the execution that it was made of: what completed there and would be no other again.

A node is taken over if it completed, if it and its edges are still the same, and if all that it was given was taken
over too: of several sources of a port only the one that won counts. A node that was skipped is skipped again by the
same rules; groups, which have no work of their own, run again around what was taken over. With a node come the pieces
of its streams, unless these are too many to be copied.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.advance import close_group, skip_doomed
from engine.entry import Entry
from engine.event import Event
from engine.events import (
    ChildExecutionCompleted,
    ChildExecutionSpawned,
    FlowStarted,
    NodeCompleted,
    NodeEvent,
    NodeOutputChunk,
    NodeStarted,
)
from engine.plan import Plan, PlanEdge, PlanNode
from engine.ports import AFTER, SYSTEM_INPUTS, SYSTEM_PREFIX
from engine.scope import Graph, reach
from engine.starting import start_node
from engine.state import State
from engine.status import ExecutionStatus, JoinMode, NodeStatus, RecordEvents

COPIED_BYTES = 16 * 1024 * 1024
"""How much of a node's streams a fork copies, large values left out; a node that wrote more runs again."""

SETTLED = (NodeStatus.COMPLETED, NodeStatus.SKIPPED)


@dataclass(slots=True)
class Original:
    """An execution that is forked, as its log tells it.

    `completed` has the ends of its nodes in the order of the log. `children` are those that run for events and have not
    completed, with the nodes that emitted the events (None: they came from outside); `places` says of which event from
    outside each child is. `written` has what nodes wrote to streams in their last attempts, and nothing of those that
    are `too_long`.
    """

    state: State
    completed: dict[int, NodeCompleted] = field(default_factory=dict)
    children: dict[str, int | None] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    written: dict[int, list[NodeOutputChunk]] = field(default_factory=dict)
    too_long: set[int] = field(default_factory=set)
    _bytes: Counter[int] = field(default_factory=Counter)

    def apply(self, entry: Entry) -> None:
        """Fold the next entry of its log in."""
        match entry.event:
            case NodeCompleted() as event:
                self.completed[self.state.plan.numbers[event.node_id]] = event
            case NodeStarted() as event:
                self._begin_anew(self.state.plan.numbers[event.node_id])
            case NodeOutputChunk() as event:
                self._keep(self.state.plan.numbers[event.node_id], event)
            case ChildExecutionSpawned() as event if event.event_name is not None:
                self._spawn(event)
            case ChildExecutionCompleted() as event:
                self.children.pop(event.child_execution_id, None)
        self.state.apply(entry)

    def _begin_anew(self, number: int) -> None:
        self.written.pop(number, None)
        self.too_long.discard(number)
        del self._bytes[number]

    def _keep(self, number: int, event: NodeOutputChunk) -> None:
        self._bytes[number] += len(event.chunk.wire)
        if self._bytes[number] > COPIED_BYTES:
            self.written.pop(number, None)
            self.too_long.add(number)
        else:
            self.written.setdefault(number, []).append(event)

    def _spawn(self, event: ChildExecutionSpawned) -> None:
        spawned_by = event.spawned_by_node_id
        self.children[event.child_execution_id] = None if spawned_by is None else self.state.plan.numbers[spawned_by]
        if spawned_by is None:
            self.places[event.child_execution_id] = len(self.places)

    @property
    def emitters(self) -> set[int]:
        """The nodes that emitted events which were not dealt with to the end."""
        return {number for number in self.children.values() if number is not None}

    @property
    def open_events(self) -> list[int]:
        """The places of the events from outside that were not dealt with to the end."""
        done = {place for child, place in self.places.items() if child not in self.children}
        return [place for place in range(len(self.state.setup.external_events)) if place not in done]

    @property
    def has_failures(self) -> bool:
        """Whether something failed or was cut short, be it a node or what runs for an event."""
        return bool(self.state.failed_node_count or self.children)


def downstream(plan: Plan, node_id: str) -> frozenset[str]:
    """A node, the members of a group, and all that starts only after one of them has ended, by their ids."""
    chosen = [plan.numbers[node_id]]
    for number in chosen:
        chosen.extend(plan.nodes[number].members)
    return frozenset(plan.nodes[number].id for number in Graph(plan).downstream(chosen))


def changed_nodes(old: State, new: Plan, changed_types: frozenset[str]) -> frozenset[str]:
    """The ids of the nodes that are not the same in another plan, take no part there, or have got other ports."""
    event = old.setup.event
    inside = set(new.scope(event.name if event else None).nodes)
    return frozenset(
        node.id
        for node in old.plan.nodes
        if new.numbers.get(node.id) not in inside
        or node.type_name in changed_types
        or _is_missed(old, node, new.node(node.id))
        or _shape(old.plan, node) != _shape(new, new.node(node.id))
    )


def _is_missed(old: State, node: PlanNode, now: PlanNode) -> bool:
    """Whether a stream is read now whose pieces were not recorded, because nothing read them."""
    records_read = old.setup.options.recorded is RecordEvents.FLOW
    return records_read and any(now.has_reader(port) and not node.has_reader(port) for port in now.stream_outputs)


def _shape(plan: Plan, node: PlanNode) -> tuple[object, ...]:
    """What decides over a node's outcome, apart from what its edges bring."""
    incoming = {port: [edge.source for edge in edges] for port, edges in node.incoming.items()}
    group = None if node.parent is None else plan.nodes[node.parent].id
    return node.type_name, node.constants, incoming, group, node.disabled


def take_over(original: Original, left_out: frozenset[str]) -> list[NodeEvent]:
    """The ends of nodes that a fork begins with, in the order of the original's log, each after what the node wrote to
    streams; no node of `left_out` is there."""
    state = original.state
    _settle(state)
    fallen = _fallen(original, left_out)
    return [
        taken
        for number, event in original.completed.items()
        if 2 * number + 1 not in fallen and not state.plan.nodes[number].is_group
        for taken in _as_taken_over(original, number, event)
    ]


def _settle(state: State) -> None:
    """Go on as far as no node has to run for it: what the log does not say yet decides over what stands, too."""
    if state.status is ExecutionStatus.CREATED:
        _apply(state, (FlowStarted(worker_id=""),))
    while events := _next_events(state):
        _apply(state, events)


def _next_events(state: State) -> Sequence[Event]:
    now = state.last_at
    decided = skip_doomed(state, now).events or close_group(state, now).events
    groups = (number for number in state.ready if state.plan.nodes[number].is_group)
    ready = (number for number in groups if state.nodes[number].status is NodeStatus.READY)
    return decided or next((start_node(state, number, now) for number in ready), ())


def _apply(state: State, events: Sequence[Event]) -> None:
    for event in events:
        state.apply(Entry(state.last_index + 1, state.last_at, event))


def _as_taken_over(original: Original, number: int, event: NodeCompleted) -> Iterator[NodeEvent]:
    yield from (replace(chunk, attempt=0) for chunk in original.written.get(number, ()))
    resolved = original.state.nodes[number].outputs
    outputs = {port: value for port, value in resolved.items() if not port.startswith(SYSTEM_PREFIX)}
    yield replace(event, attempt=0, outputs=outputs)


def _fallen(original: Original, left_out: frozenset[str]) -> set[int]:
    """The starts and ends of nodes that may be others in the fork: vertices as in `engine.scope.Graph`."""
    state = original.state
    follows: list[list[int]] = [[] for _ in range(2 * len(state.nodes))]
    for number in state.scope.nodes:
        for first, then in _reasons(state, state.plan.nodes[number]):
            follows[first].append(then)
    again = original.emitters | original.too_long
    return reach(follows, _lost(state, lambda node: node.id in left_out or node.number in again))


def _lost(state: State, is_left_out: Callable[[PlanNode], bool]) -> Iterator[int]:
    for number in state.scope.nodes:
        node = state.plan.nodes[number]
        if is_left_out(node):
            yield from (2 * number, 2 * number + 1)
        elif not node.is_group and state.nodes[number].status not in SETTLED:
            yield 2 * number + 1


def _reasons(state: State, node: PlanNode) -> Iterator[tuple[int, int]]:
    """Which starts and ends have decided over the start and the end of a node."""
    start, end = 2 * node.number, 2 * node.number + 1
    record = state.nodes[node.number]
    if record.status is NodeStatus.SKIPPED:
        yield from ((2 * cause + 1, end) for cause in record.readiness.causes)
        return
    yield start, end
    if node.parent is not None:
        yield 2 * node.parent, start
    yield from ((2 * edge.source_node + 1, start) for edge in _used_edges(state, node))
    yield from ((2 * member + 1, end) for member in filter(state.is_inside, node.members))


def _used_edges(state: State, node: PlanNode) -> Iterator[PlanEdge]:
    """The edges that brought what the node was given, or that it had to wait for."""
    first: Mapping[str, PlanEdge] = state.nodes[node.number].readiness.first
    for port in (*_used_inputs(state, node), *(port for port in SYSTEM_INPUTS if port in node.incoming)):
        waits_for_all = port == AFTER or port in node.many or port not in first
        yield from node.incoming[port] if waits_for_all else (first[port],)


def _used_inputs(state: State, node: PlanNode) -> Sequence[str]:
    readiness = state.nodes[node.number].readiness
    if node.join is JoinMode.ALL:
        return node.inputs
    return readiness.met[:1] or (() if readiness.is_content else node.inputs)
