"""The state of an execution: what its log says, folded event by event.

`State.apply` is the fold; `engine.fold` has what each kind of event does. It mutates the state in place, because a log
is folded front to back and never looked at twice; apart from that it is pure: equal logs give equal states.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.calling import CallRecord
from engine.early import NO_STREAMS, NONE_EARLY, Early
from engine.entry import Entry
from engine.events import NodeCompleted
from engine.fold import FOLDS
from engine.losses import Losses
from engine.node_record import NodeRecord
from engine.options import ExecutionOptions
from engine.plan import Plan, PlanNode
from engine.readiness import UNKNOWN, settle
from engine.records import ExecutionError
from engine.scope import Scope, empty_scope
from engine.spawns import FlowEvent
from engine.status import CREATED, EXECUTING, READY, RUNNING, WAITING, ExecutionStatus, NodeStatus, RecordEvents
from engine.values import Value


@dataclass(frozen=True, slots=True)
class Setup:
    """What an execution was created with: its inputs by name, and port values by node id and port.

    `external_events` are the events that a root spawns a child for, each; `event` is the one that a child runs for.
    """

    execution_id: str
    created_at: int
    options: ExecutionOptions = field(default_factory=ExecutionOptions)
    inputs: Mapping[str, Value] = field(default_factory=dict)
    port_values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    root_execution_id: str = ""
    parent_execution_id: str | None = None
    depth: int = 0
    integration: Any = None
    external_events: Sequence[FlowEvent] = ()
    event: FlowEvent | None = None


@dataclass(slots=True, eq=False, repr=False)
class State:
    """An execution in the middle of its life, as its log tells it."""

    # In slots, since at every node some hundred of these are looked at.

    plan: Plan
    setup: Setup
    status: ExecutionStatus = CREATED
    last_index: int = -1
    last_at: int = field(init=False)
    started_at: int | None = None
    error: ExecutionError | None = None
    outputs: Mapping[str, Value] | None = None
    failure_count: int = 0
    losses: Losses = field(default_factory=Losses)
    failed_node_count: int = 0
    fatal: ExecutionError | None = None
    is_draining: bool = False
    paused_by_parent: bool = False
    grants: int = 0
    granted: set[int] = field(default_factory=set)
    breakpoints: frozenset[str] = field(init=False)
    halted: set[int] = field(default_factory=set)
    passed: set[int] = field(default_factory=set)
    # What is asked at each node is not looked up in the options each time. Whether edges, status changes and debug logs
    # are recorded:
    records_all: bool = field(init=False)
    max_concurrency: int = field(init=False)
    flow_timeout_ms: int = field(init=False)
    scope: Scope = field(init=False)
    inside: Sequence[bool] | None = field(init=False)
    nodes: list[NodeRecord] = field(init=False)
    taken_over: list[tuple[NodeCompleted, int]] = field(default_factory=list)
    unfinished: int = field(init=False)
    executing: int = 0
    ready: list[int] = field(default_factory=list)
    doomed: deque[int] = field(default_factory=deque)
    finished_groups: deque[int] = field(default_factory=deque)
    due: list[tuple[int, int]] = field(default_factory=list)
    retries: list[tuple[int, int]] = field(default_factory=list)
    overdue: list[int] = field(default_factory=list)
    awaited: dict[str, list[int]] = field(default_factory=dict)
    kept: dict[str, list[Value]] = field(default_factory=dict)
    children: dict[str, CallRecord] = field(default_factory=dict)
    children_spawned: int = 0
    callers: deque[int] = field(default_factory=deque)
    returned: set[int] = field(default_factory=set)
    turns: int = 0
    voided: list[int] = field(default_factory=list)
    _active_ms: int = 0
    _active_since: int | None = None

    def __post_init__(self) -> None:
        options = self.setup.options
        self.last_at = self.setup.created_at
        self.breakpoints = frozenset(options.breakpoints)
        self.records_all = options.recorded is RecordEvents.ALL
        self.max_concurrency = options.max_concurrency
        self.flow_timeout_ms = options.flow_timeout_ms
        self.scope = self._scope()
        self.inside = self.scope.inside
        self.nodes = [NodeRecord({}, NONE_EARLY, NO_STREAMS, UNKNOWN) for _ in self.plan.nodes]
        self.unfinished = len(self.scope.nodes)

    def _scope(self) -> Scope:
        if self.setup.external_events:
            return empty_scope(self.plan)
        return self.plan.scope(self.setup.event.name if self.setup.event else None)

    # --- reading ------------------------------------------------------------------------------------------------------

    def is_inside(self, number: int) -> bool:
        """Whether the node takes part in this run."""
        return self.inside is None or self.inside[number]

    def constants(self, node: PlanNode) -> Mapping[str, Value]:
        """The constants of a node, with the values that the create call put in their place."""
        given = self.setup.port_values
        return {**node.constants, **given[node.id]} if node.id in given else node.constants

    @property
    def has_place(self) -> bool:
        """True if one more node may run."""
        return self.executing < self.max_concurrency

    @property
    def has_more_than_starts(self) -> bool:
        """Whether there may be more to do than to start nodes, or to end the flow."""
        rare = self.fatal or self.doomed or self.finished_groups or self.due or self.callers
        return bool(rare or self.setup.external_events)

    def next_to_start(self, now: int) -> int | None:
        """Which node comes first in the document: of those that are ready or have waited long enough to try again."""
        first = self._first_ready()
        if not self.overdue and not (self.retries and self.retries[0][0] <= now):
            return first
        retries = (number for until, number in self.retries if until <= now and self._still_retries(until, number))
        return min((number for number in (first, self._first_overdue(), *retries) if number is not None), default=None)

    def _first_ready(self) -> int | None:
        ready, nodes = self.ready, self.nodes
        while ready and nodes[ready[0]].status is not READY:
            heapq.heappop(ready)
        return ready[0] if ready else None

    def _first_overdue(self) -> int | None:
        while self.overdue and not self._is_overdue(self.overdue[0]):
            heapq.heappop(self.overdue)
        return self.overdue[0] if self.overdue else None

    def _is_overdue(self, number: int) -> bool:
        until = self.nodes[number].until
        return self.nodes[number].retrying and until is not None and until <= self.last_at

    def next_due(self) -> tuple[int, int] | None:
        """The earliest wait that ends with outputs as (milliseconds since 1970, node), or None."""
        while self.due and not self._still_waits(*self.due[0]):
            heapq.heappop(self.due)
        return self.due[0] if self.due else None

    def next_retry(self) -> tuple[int, int] | None:
        """The earliest wait for another attempt that was not over at the last event, as `next_due`, or None."""
        while self.retries and not self._still_retries(*self.retries[0]):
            heapq.heappop(self.retries)
        return self.retries[0] if self.retries else None

    def _still_waits(self, until: int, number: int) -> bool:
        record = self.nodes[number]
        return record.status is WAITING and not record.retrying and record.until == until

    def _still_retries(self, until: int, number: int) -> bool:
        return self.nodes[number].retrying and self.nodes[number].until == until

    def next_doomed(self) -> int | None:
        """A node that must be skipped, or None."""
        while self.doomed and not self._is_doomed(self.nodes[self.doomed[0]]):
            self.doomed.popleft()
        return self.doomed[0] if self.doomed else None

    def _is_doomed(self, record: NodeRecord) -> bool:
        return record.readiness.doomed and not record.status.ended

    def next_finished_group(self) -> int | None:
        """A group whose members have all ended, or None."""
        while self.finished_groups and self.nodes[self.finished_groups[0]].status is not EXECUTING:
            self.finished_groups.popleft()
        return self.finished_groups[0] if self.finished_groups else None

    def stops_before(self, number: int) -> bool:
        """Whether a breakpoint stops the execution before the first attempt of this node."""
        if not self.breakpoints or number in self.passed:
            return False
        return self.plan.nodes[number].id in self.breakpoints and not self.nodes[number].attempt

    def next_granted(self) -> int | None:
        """A node that a step let start, and that was lost with its worker, or None."""
        ready = (number for number in self.granted if self.nodes[number].status is READY)
        return min(ready, default=None)

    def waiting_for(self, signal: str) -> list[int]:
        """The nodes that wait for a signal, the oldest wait first."""
        return list(self.awaited.get(signal, ()))

    def next_caller(self) -> int | None:
        """A node whose next child may be spawned now, or None."""
        while self.callers and not self._may_call(self.callers[0]):
            self.callers.popleft()
        return self.callers[0] if self.callers else None

    def _may_call(self, number: int) -> bool:
        calls = self.nodes[number].calls
        return calls is not None and calls.room > 0

    @property
    def has_children_to_come(self) -> bool:
        """True until a child has been spawned for each event that the execution was created with."""
        return self.children_spawned < len(self.setup.external_events)

    def active_ms(self, now: int) -> int:
        """How long nodes have been running in all, waits and pauses left out."""
        return self._active_ms + (max(now - self._active_since, 0) if self._active_since is not None else 0)

    def begun_nodes(self) -> list[int]:
        """The nodes that have started and not ended, groups included, in document order."""
        return [number for number, record in enumerate(self.nodes) if record.attempt and not record.status.ended]

    # --- folding ------------------------------------------------------------------------------------------------------

    def apply(self, entry: Entry) -> None:
        """Fold one entry in; raises ValueError if it is not the next one.

        EXECUTION_CREATED, at index -1, is what the state was set up with and is not folded.
        """
        if entry.index != self.last_index + 1:
            raise ValueError(f"event {entry.index} does not follow {self.last_index}")
        event, at = entry.event, entry.at
        if at < self.last_at:
            at = self.last_at
        if fold := FOLDS.get(type(event)):
            fold(self, event, at)
        self.last_index, self.last_at = entry.index, at
        if enters := event.enters:
            self.status = enters
        if (self._active_since is None) is (self.executing > 0 and self.status is RUNNING):
            self._keep_time(at)
        if self.retries and self.retries[0][0] <= at:
            self._note_overdue(at)

    def apply_all(self, entries: Iterable[Entry]) -> "State":
        """Fold entries in order."""
        for entry in entries:
            self.apply(entry)
        return self

    def make_ready(self, number: int) -> None:
        """Note that all that a node waits for is there."""
        self.nodes[number].status = READY
        heapq.heappush(self.ready, number)

    def doom(self, number: int) -> None:
        """Note that a node can never run."""
        self.doomed.append(number)

    def _keep_time(self, at: int) -> None:
        """Start to count the time that nodes run, or stop."""
        if self._active_since is None:
            self._active_since = at
        else:
            self._active_ms += at - self._active_since
            self._active_since = None

    def _note_overdue(self, at: int) -> None:
        """Put the retries whose time has come into document order, so that each is looked at once."""
        while self.retries and self.retries[0][0] <= at:
            until, number = heapq.heappop(self.retries)
            if self._still_retries(until, number):
                heapq.heappush(self.overdue, number)

    def count_no_time_since_last_word(self) -> None:
        """Nobody knows how long a lost worker went on after its last word."""
        if self._active_since is not None:
            self._keep_time(self.last_at)

    def leave(self, number: int, status: NodeStatus) -> NodeRecord:
        """Give a node another status, in which nothing is left of what it was at."""
        record = self.nodes[number]
        before, record.status = record.status, status
        if before is EXECUTING:
            if not self.plan.nodes[number].is_group:
                self.executing -= 1
        elif before is WAITING:
            self._forget_wait(number, record)
        if self.granted and status is not EXECUTING:
            self.granted.discard(number)
        return record

    def _forget_wait(self, number: int, record: NodeRecord) -> None:
        """Let nothing be left of a node's wait; if it waits again, it is the youngest."""
        self.returned.discard(number)
        if record.signal is not None:
            self.awaited[record.signal].remove(number)
            if not self.awaited[record.signal]:
                del self.awaited[record.signal]
        record.retrying, record.until, record.promised, record.signal, record.calls = False, None, None, None, None

    def end(self, number: int, status: NodeStatus, at: int) -> NodeRecord:
        """Give a node its last status, and tell the group around it."""
        record = self.leave(number, status)
        record.completed_at = at
        self.turns = record.turn = self.turns + 1
        self.unfinished -= 1
        parent = self.plan.nodes[number].parent
        if parent is not None:
            self.nodes[parent].readiness.open_members -= 1
            self.close_group(parent)
        return record

    def close_group(self, number: int) -> None:
        """Note that a group is over, if it is."""
        record = self.nodes[number]
        if record.readiness.open_members == 0 and record.status is EXECUTING:
            self.finished_groups.append(number)

    def resolve(self, number: int, port: str, value: Value) -> None:
        """Give an output its value, unless it has one, and tell what hangs on it."""
        outputs, node = self.nodes[number].outputs, self.plan.nodes[number]
        if port in outputs:
            if port in node.stream_outputs:
                outputs[port] = value
            return
        outputs[port] = value
        for edge in node.outgoing.get(port, ()):
            settle(self, edge, value)

    def resolve_early(self, number: int, port: str, value: Value, at: int) -> None:
        """Give an output its value before its node has ended."""
        record = self.nodes[number]
        self.turns += 1
        record.early = {**record.early, port: Early(self.turns, at)}
        self.resolve(number, port, value)

    def close_ports(self, number: int, given: dict[str, Value]) -> None:
        """Give outputs the values that a node ends with, which become its own; what is missing then never resolves."""
        record, outgoing = self.nodes[number], self.plan.nodes[number].outgoing
        if record.outputs:
            for port, value in given.items():
                self.resolve(number, port, value)
        else:
            record.outputs = given
            for port, value in given.items():
                for edge in outgoing.get(port, ()):
                    settle(self, edge, value)
        for port, edges in outgoing.items():
            if port not in record.outputs:
                for edge in edges:
                    settle(self, edge, None)
