"""What every log must obey of pauses, steps and breakpoints, and of the commands that clients sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.commands import Command, Pause, Resume, SetBreakpoints, Signal, Start, Step, Stop
from engine.event import Event
from engine.events import (
    BreakpointsSet,
    DebugBreakpointHit,
    ExecutionRecovered,
    FlowCancelled,
    FlowCompleted,
    FlowDrained,
    FlowPaused,
    FlowResumed,
    FlowStarted,
    FlowStepped,
    NodeCompleted,
    NodeEvent,
    NodeFailed,
    NodeRetrying,
    NodeStarted,
    NodeWaiting,
    SignalReceived,
)
from tests.engine.running import Run

ACKNOWLEDGED_BY: dict[type[Command], type[Event]] = {
    Start: FlowStarted,
    Pause: FlowPaused,
    Resume: FlowResumed,
    Step: FlowStepped,
    SetBreakpoints: BreakpointsSet,
    Signal: SignalReceived,
    Stop: FlowCancelled,
}


def check_commands(run: Run) -> None:
    """Each command was acknowledged once and in order; those that came last perhaps by the end alone."""
    told_by_relatives = (FlowResumed,) if run.state.setup.parent_execution_id else ()
    kinds = [ACKNOWLEDGED_BY[type(letter.command)] for letter in run.ledger.mailbox]
    expected = [kind for kind in kinds if kind not in told_by_relatives]
    told = [event for event in run.events if type(event) in expected and not _is_by_parent(event)]
    assert run.ledger.applied == len(run.ledger.mailbox), "a command was left"
    for kind, event in zip(expected, told, strict=False):
        assert type(event) is kind, f"{event.kind} instead of {kind.__name__}"
    is_cut_short = not isinstance(run.events[-1], FlowCompleted)
    assert len(told) == len(expected) or (is_cut_short and len(told) < len(expected))


def _is_by_parent(event: Event) -> bool:
    return isinstance(event, FlowPaused) and event.by_parent


@dataclass
class Follower:
    """Reads a log and objects where a node starts that must not."""

    groups: frozenset[str]
    breakpoints: frozenset[str]
    is_paused: bool = False
    is_draining: bool = False
    grants: int = 0
    running: set[str] = field(default_factory=set)
    granted: set[str] = field(default_factory=set)
    given_back: set[str] = field(default_factory=set)
    hit: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)

    def follow(self, events: Iterable[Event]) -> None:
        for event in events:
            self._read(event)

    def _read(self, event: Event) -> None:
        match event:
            case FlowPaused():
                assert event.running_nodes == len(self.running)
                self.is_paused = self.is_draining = True
            case DebugBreakpointHit():
                self._hit(event.node_id)
            case FlowResumed():
                self._resume()
            case FlowStepped():
                self.grants += self.is_paused
            case FlowDrained():
                assert self.is_paused
                assert self.is_draining
                assert not self.running
                self.is_draining = False
            case BreakpointsSet():
                self.breakpoints = frozenset(event.node_ids)
            case ExecutionRecovered():
                self.given_back |= self.granted & self.running
                self.running.clear()
            case NodeStarted():
                self._start(event)
            case NodeCompleted() | NodeFailed() | NodeRetrying() | NodeWaiting():
                self._end_attempt(event)

    def _hit(self, node_id: str) -> None:
        assert not self.is_paused
        assert node_id in self.breakpoints
        assert node_id not in self.hit, "hit twice"
        self.hit.add(node_id)
        self.is_paused = self.is_draining = True

    def _resume(self) -> None:
        self.is_paused = self.is_draining = False
        self.grants = 0
        self.granted.clear()
        self.given_back.clear()
        self.passed |= self.hit

    def _start(self, event: NodeStarted) -> None:
        if self.is_paused:
            self._take_grant(event.node_id)
        elif event.attempt == 1:
            assert event.node_id not in self.breakpoints - self.passed, f"{event.node_id} passed a breakpoint"
        if event.node_id not in self.groups:
            self.running.add(event.node_id)

    def _take_grant(self, node_id: str) -> None:
        assert self.running or not self.is_draining, "drained without a word"
        if node_id in self.given_back:
            self.given_back.remove(node_id)
            return
        self.grants -= 1
        assert self.grants >= 0, f"{node_id} started in a pause without a step"
        self.granted.add(node_id)

    def _end_attempt(self, event: NodeEvent) -> None:
        self.running.discard(event.node_id)
        self.granted.discard(event.node_id)


def check_pauses(run: Run, breakpoints: Sequence[str] = ()) -> None:
    """In a pause one node starts for each step, and no node passes a breakpoint by itself."""
    groups = frozenset(node.id for node in run.plan.nodes if node.is_group)
    Follower(groups, frozenset(breakpoints)).follow(run.events)
