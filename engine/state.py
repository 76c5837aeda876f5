"""The state of an execution: what its log says, folded event by event.

`State.apply` is the fold. It mutates the state in place, because a log is folded front to back and never looked at
twice; apart from that it is pure: equal logs give equal states.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.entry import Entry, parse_time
from engine.events import (
    Event,
    ExecutionError,
    ExecutionRecovered,
    FlowCompleted,
    FlowDrained,
    FlowFailed,
    FlowPaused,
    FlowResumed,
    FlowStarted,
    NodeCompleted,
    NodeFailed,
    NodePortResolved,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeWaiting,
    TerminalEvent,
)
from engine.losses import Losses
from engine.options import ExecutionOptions
from engine.plan import Plan, PlanNode
from engine.ports import ERROR, ERROR_MESSAGE, SUCCESS
from engine.readiness import Readiness, open_requirements, settle, start_members
from engine.status import ErrorCode, ExecutionStatus, NodeFailurePolicy, NodeStatus
from engine.values import Value

TRUE = Value.of(True)


@dataclass(frozen=True, slots=True)
class Setup:
    """What an execution was created with: its inputs by name, and port values by node id and port."""

    execution_id: str
    created_at: int
    options: ExecutionOptions = field(default_factory=ExecutionOptions)
    inputs: Mapping[str, Value] = field(default_factory=dict)
    port_values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    root_execution_id: str = ""
    parent_execution_id: str | None = None
    depth: int = 0
    integration: Any = None


@dataclass(slots=True)
class NodeRecord:
    """Where one node stands. `outputs` has what has resolved so far; times are milliseconds since 1970.

    `retrying` is true while the node waits for its next attempt.
    """

    status: NodeStatus = NodeStatus.IDLE
    attempt: int = 0
    retries: int = 0
    inputs: Mapping[str, Value] | None = None
    outputs: dict[str, Value] = field(default_factory=dict)
    error: ExecutionError | None = None
    started_at: int | None = None
    completed_at: int | None = None
    until: int | None = None
    retrying: bool = False
    promised: Mapping[str, Value] | None = None
    readiness: Readiness = field(default_factory=Readiness)


class State:
    """An execution in the middle of its life, as its log tells it."""

    def __init__(self, plan: Plan, setup: Setup) -> None:
        self.plan = plan
        self.setup = setup
        self.status = ExecutionStatus.CREATED
        self.last_index = -1
        self.last_at = setup.created_at
        self.started_at: int | None = None
        self.error: ExecutionError | None = None
        self.outputs: Mapping[str, Value] | None = None
        self.failure_count = 0
        self.losses = Losses()
        self.failed_node_count = 0
        self.fatal: ExecutionError | None = None
        self.is_draining = False
        self.nodes = [NodeRecord() for _ in plan.nodes]
        self.unfinished = len(plan.nodes)
        self.executing = 0
        self.ready: list[int] = []
        self.doomed: deque[int] = deque()
        self.finished_groups: deque[int] = deque()
        self.due: list[tuple[int, int]] = []
        self.retries: list[tuple[int, int]] = []
        self.overdue: list[int] = []
        self._active_ms = 0
        self._active_since: int | None = None

    # --- reading ------------------------------------------------------------------------------------------------------

    def constants(self, node: PlanNode) -> Mapping[str, Value]:
        """The constants of a node, with the values that the create call put in their place."""
        overrides = self.setup.port_values.get(node.id)
        return {**node.constants, **overrides} if overrides else node.constants

    @property
    def has_place(self) -> bool:
        """True if one more node may run."""
        return self.executing < self.setup.options.max_concurrency

    def next_to_start(self, now: int) -> int | None:
        """Which node comes first in the document: of those that are ready or have waited long enough to try again."""
        first = self._first_ready()
        if not self.overdue and not (self.retries and self.retries[0][0] <= now):
            return first
        retries = (number for until, number in self.retries if until <= now and self._still_retries(until, number))
        return min((number for number in (first, self._first_overdue(), *retries) if number is not None), default=None)

    def _first_ready(self) -> int | None:
        while self.ready and self.nodes[self.ready[0]].status is not NodeStatus.READY:
            heapq.heappop(self.ready)
        return self.ready[0] if self.ready else None

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
        return record.status is NodeStatus.WAITING and not record.retrying and record.until == until

    def _still_retries(self, until: int, number: int) -> bool:
        return self.nodes[number].retrying and self.nodes[number].until == until

    def next_doomed(self) -> int | None:
        """A node that must be skipped, or None."""
        while self.doomed and self.nodes[self.doomed[0]].status.ended:
            self.doomed.popleft()
        return self.doomed[0] if self.doomed else None

    def next_finished_group(self) -> int | None:
        """A group whose members have all ended, or None."""
        while self.finished_groups and self.nodes[self.finished_groups[0]].status.ended:
            self.finished_groups.popleft()
        return self.finished_groups[0] if self.finished_groups else None

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
        event = entry.event
        at = max(entry.at, self.last_at)
        fold = _FOLDS.get(type(event))
        if fold:
            fold(self, event, at)
        self.last_index, self.last_at = entry.index, at
        if event.enters:
            self.status = event.enters
        if (self._active_since is not None) is not (self.executing > 0 and self.status is ExecutionStatus.RUNNING):
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
        self.nodes[number].status = NodeStatus.READY
        heapq.heappush(self.ready, number)

    def doom(self, number: int) -> None:
        """Note that a node can never run."""
        self.doomed.append(number)

    def _keep_time(self, at: int) -> None:
        """Start to count the time that nodes run, or stop."""
        if self._active_since is None:
            self._active_since = at
        else:
            self._active_ms += max(at - self._active_since, 0)
            self._active_since = None

    def _note_overdue(self, at: int) -> None:
        """Put the retries whose time has come into document order, so that each is looked at once."""
        while self.retries and self.retries[0][0] <= at:
            until, number = heapq.heappop(self.retries)
            if self._still_retries(until, number):
                heapq.heappush(self.overdue, number)

    def _leave(self, number: int, status: NodeStatus) -> NodeRecord:
        record = self.nodes[number]
        if record.status is NodeStatus.EXECUTING and not self.plan.nodes[number].is_group:
            self.executing -= 1
        record.status, record.retrying = status, False
        return record

    def _end(self, number: int, status: NodeStatus, at: int) -> NodeRecord:
        record = self._leave(number, status)
        record.completed_at, record.until, record.promised = at, None, None
        self.unfinished -= 1
        parent = self.plan.nodes[number].parent
        if parent is not None:
            self.nodes[parent].readiness.open_members -= 1
            self._close_group(parent)
        return record

    def _close_group(self, number: int) -> None:
        record = self.nodes[number]
        if record.readiness.open_members == 0 and record.status is NodeStatus.EXECUTING:
            self.finished_groups.append(number)

    def _resolve(self, number: int, port: str, value: Value) -> None:
        if port in self.nodes[number].outputs:
            return
        self.nodes[number].outputs[port] = value
        for edge in self.plan.nodes[number].outgoing.get(port, ()):
            settle(self, edge, value)

    def _close_ports(self, number: int) -> None:
        """What has not resolved when a node ends never will."""
        outputs = self.nodes[number].outputs
        for port, edges in self.plan.nodes[number].outgoing.items():
            if port not in outputs:
                for edge in edges:
                    settle(self, edge, None)

    # --- one function for each kind of event that changes more than the status ----------------------------------------

    def _recovered(self, event: ExecutionRecovered, at: int) -> None:
        is_loss = event.failure_count > self.failure_count
        self.failure_count = event.failure_count
        if self._active_since is not None:
            # Nobody knows how long the lost worker went on after its last word.
            self._keep_time(self.last_at)
        for number, record in enumerate(self.nodes):
            if record.status is NodeStatus.EXECUTING and not self.plan.nodes[number].is_group:
                self.executing -= 1
                self.make_ready(number)
                if is_loss:
                    self.losses.note(number, record.retries, self.unfinished, alone=event.alone)

    def _flow_started(self, event: FlowStarted, at: int) -> None:
        self.started_at = at
        for node in self.plan.nodes:
            readiness = self.nodes[node.number].readiness
            open_requirements(node, self.constants(node), readiness)
            if node.disabled:
                self.doom(node.number)
            elif readiness.is_met:
                self.make_ready(node.number)

    def _paused(self, event: FlowPaused, at: int) -> None:
        self.is_draining = True

    def _drained(self, event: FlowDrained | FlowResumed, at: int) -> None:
        self.is_draining = False

    def _node_started(self, event: NodeStarted, at: int) -> None:
        number = self.plan.numbers[event.node_id]
        record = self._leave(number, NodeStatus.EXECUTING)
        record.attempt, record.inputs, record.started_at, record.until = event.attempt, event.inputs, at, None
        if self.plan.nodes[number].is_group:
            start_members(self, self.plan.nodes[number])
            self._close_group(number)
        else:
            self.executing += 1

    def _node_completed(self, event: NodeCompleted, at: int) -> None:
        number = self.plan.numbers[event.node_id]
        self._end(number, NodeStatus.COMPLETED, at)
        for port, value in event.outputs.items():
            self._resolve(number, port, value)
        self._resolve(number, SUCCESS, TRUE)
        self._close_ports(number)

    def _node_failed(self, event: NodeFailed, at: int) -> None:
        number = self.plan.numbers[event.node_id]
        record = self._end(number, NodeStatus.FAILED, at)
        record.error, record.attempt = event.error, event.attempt
        if event.error.code is not ErrorCode.CANCELLED:
            self.failed_node_count += 1
            self._judge(number, event.error)
        self._resolve(number, ERROR, TRUE)
        self._resolve(number, ERROR_MESSAGE, Value.of(event.error.message))
        self._close_ports(number)

    def _judge(self, number: int, error: ExecutionError) -> None:
        if self.setup.options.on_node_failure is NodeFailurePolicy.FAIL and not self.plan.nodes[number].handles_errors:
            self.fatal = self.fatal or error

    def _node_retrying(self, event: NodeRetrying, at: int) -> None:
        number = self.plan.numbers[event.node_id]
        record = self._leave(number, NodeStatus.WAITING)
        record.retries += 1
        record.error, record.retrying = event.error, True
        self._wait(number, at + round(event.delay), self.retries)

    def _node_waiting(self, event: NodeWaiting, at: int) -> None:
        number = self.plan.numbers[event.node_id]
        record = self._leave(number, NodeStatus.WAITING)
        record.promised = event.outputs
        if event.until:
            self._wait(number, parse_time(event.until), self.due)

    def _wait(self, number: int, until: int, waits: list[tuple[int, int]]) -> None:
        self.nodes[number].until = until
        heapq.heappush(waits, (until, number))

    def _node_skipped(self, event: NodeSkipped, at: int) -> None:
        number = self.plan.numbers[event.node_id]
        self._end(number, NodeStatus.SKIPPED, at)
        for member in self.plan.nodes[number].members:
            self._doom_member(member, number)
        self._close_ports(number)

    def _doom_member(self, number: int, group: int) -> None:
        readiness = self.nodes[number].readiness
        if not readiness.doomed:
            readiness.doomed, readiness.causes = True, [group]
            self.doom(number)

    def _port_resolved(self, event: NodePortResolved, at: int) -> None:
        self._resolve(self.plan.numbers[event.node_id], event.port, event.value)

    def _ended(self, event: TerminalEvent, at: int) -> None:
        if isinstance(event, FlowCompleted):
            self.outputs = event.outputs
        if isinstance(event, FlowFailed):
            self.error = event.error


_FOLD_NAMES: Mapping[type[Event], str] = {
    ExecutionRecovered: "_recovered",
    FlowStarted: "_flow_started",
    FlowPaused: "_paused",
    FlowDrained: "_drained",
    FlowResumed: "_drained",
    NodeStarted: "_node_started",
    NodeCompleted: "_node_completed",
    NodeFailed: "_node_failed",
    NodeRetrying: "_node_retrying",
    NodeWaiting: "_node_waiting",
    NodeSkipped: "_node_skipped",
    NodePortResolved: "_port_resolved",
    FlowCompleted: "_ended",
    FlowFailed: "_ended",
}
_FOLDS: Mapping[type[Event], Callable[[State, Any, int], None]] = {
    kind: getattr(State, name) for kind, name in _FOLD_NAMES.items()
}
