"""Decisions: what events follow from a command in a state. Pure: same state and command, same events."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.advance import advance
from engine.calls import child_ended, children_refused
from engine.closing import close, flow_time
from engine.commands import (
    Advance,
    ChildEnded,
    ChildrenRefused,
    Command,
    NodeAwaitsSignal,
    NodeCalls,
    NodeErred,
    NodeLogged,
    NodeResolved,
    NodeSucceeded,
    NodeWaits,
    NodeWrote,
    Pause,
    Recover,
    Resume,
    SetBreakpoints,
    Signal,
    Start,
    Step,
    Stop,
)
from engine.decision import NOTHING, Decision
from engine.events import (
    BreakpointsSet,
    ExecutionRecovered,
    FlowCancelled,
    FlowPaused,
    FlowResumed,
    FlowStarted,
    FlowStepped,
)
from engine.giving import node_resolved, node_wrote
from engine.outcomes import node_awaits_signal, node_calls, node_erred, node_logged, node_succeeded, node_waits
from engine.signals import receive
from engine.state import State
from engine.status import ENDED_STATUSES, ExecutionStatus


def decide(state: State, command: Command, now: int) -> Decision:
    """Decide what follows; `now` is milliseconds since 1970. A command that no longer applies decides nothing."""
    return NOTHING if state.status in ENDED_STATUSES else _RULES[type(command)](state, command, now)


def _start(state: State, command: Start, now: int) -> Decision:
    if state.status is not ExecutionStatus.CREATED:
        return NOTHING
    return Decision((FlowStarted(worker_id=command.worker_id),))


def _stop(state: State, command: Stop, now: int) -> Decision:
    return close(state, FlowCancelled(reason=command.reason, execution_time=flow_time(state, now)), now)


# A client's command is acknowledged also where something else came first: a breakpoint before the pause, the parent's
# resume before the client's. What comes along with the parent is only done where there is something to do.


def _pause(state: State, command: Pause, now: int) -> Decision:
    if state.status is ExecutionStatus.CREATED or (command.by_parent and state.status is ExecutionStatus.PAUSED):
        return NOTHING
    paused = FlowPaused(reason=command.reason, running_nodes=state.executing, by_parent=command.by_parent)
    return Decision((paused,))


def _resume(state: State, command: Resume, now: int) -> Decision:
    if state.status is ExecutionStatus.CREATED or (command.by_parent and not state.paused_by_parent):
        return NOTHING
    return Decision((FlowResumed(),))


def _step(state: State, command: Step, now: int) -> Decision:
    return Decision((FlowStepped(),))


def _set_breakpoints(state: State, command: SetBreakpoints, now: int) -> Decision:
    return Decision((BreakpointsSet(node_ids=list(command.node_ids)),))


def _recover(state: State, command: Recover, now: int) -> Decision:
    return Decision(
        (
            ExecutionRecovered(
                worker_id=command.worker_id,
                previous_worker_id=command.previous_worker_id,
                failure_count=command.failure_count,
                alone=command.alone,
            ),
        )
    )


_RULES: Mapping[type[Command], Callable[[State, Any, int], Decision]] = {
    Start: _start,
    Pause: _pause,
    Resume: _resume,
    Step: _step,
    SetBreakpoints: _set_breakpoints,
    Signal: receive,
    Stop: _stop,
    ChildEnded: child_ended,
    ChildrenRefused: children_refused,
    Recover: _recover,
    NodeSucceeded: node_succeeded,
    NodeWaits: node_waits,
    NodeAwaitsSignal: node_awaits_signal,
    NodeCalls: node_calls,
    NodeErred: node_erred,
    NodeLogged: node_logged,
    NodeResolved: node_resolved,
    NodeWrote: node_wrote,
    Advance: advance,
}
