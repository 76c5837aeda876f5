"""What each kind of event changes in a state beside its status, one function a kind."""

import heapq
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.calling import CallEnd, CallRecord, CallsRecord
from engine.early import StreamRecord
from engine.entry import parse_time
from engine.event import Event
from engine.events import (
    BreakpointsSet,
    Calls,
    ChildEvent,
    ChildExecutionCompleted,
    ChildExecutionFailed,
    ChildExecutionSpawned,
    DebugBreakpointHit,
    ExecutionRecovered,
    FlowCompleted,
    FlowDrained,
    FlowFailed,
    FlowPaused,
    FlowResumed,
    FlowStarted,
    FlowStepped,
    NodeCompleted,
    NodeFailed,
    NodeOutputChunk,
    NodePortResolved,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeWaiting,
    SignalReceived,
)
from engine.plan import PlanNode
from engine.ports import ERROR, ERROR_MESSAGE, SUCCESS
from engine.readiness import requirements, start_members
from engine.records import ExecutionError
from engine.status import CREATED, EXECUTING, PAUSED, WAITING, ErrorCode, NodeFailurePolicy, NodeStatus
from engine.values import NULL, Value
from engine.voiding import users_that_ended, void

if TYPE_CHECKING:
    from engine.state import State

TRUE = Value.of(True)


# --- the execution ----------------------------------------------------------------------------------------------------


def _recovered(state: "State", event: ExecutionRecovered, at: int) -> None:
    is_loss = event.failure_count > state.failure_count
    state.failure_count = event.failure_count
    state.count_no_time_since_last_word()
    cut_short: list[int] = []
    for number, record in enumerate(state.nodes):
        if record.status is EXECUTING and not state.plan.nodes[number].is_group:
            state.executing -= 1
            state.make_ready(number)
            cut_short.append(number)
            if is_loss:
                state.losses.note(number, record.retries, state.unfinished, alone=event.alone)
    for number in cut_short:
        _void_if_possible(state, number)


def _void_if_possible(state: "State", number: int) -> None:
    """Take back what a node gave that is attempted again; where others have ended with it, it will fail instead."""
    if state.nodes[number].early and not users_that_ended(state, number):
        void(state, number)


def _flow_started(state: "State", event: FlowStarted, at: int) -> None:
    state.started_at = at
    for number in state.scope.nodes:
        node, record = state.plan.nodes[number], state.nodes[number]
        members = sum(map(state.is_inside, node.members)) if node.members else 0
        record.readiness = requirements(state, node, members)
        if node.disabled or (node.listens_to is not None and _is_for_another_event(state, node)):
            record.readiness.doomed = True
            state.doom(number)
        elif record.readiness.open == 0:
            state.make_ready(number)
    for completed, then in state.taken_over:
        _take_over(state, completed, then)


def _is_for_another_event(state: "State", node: PlanNode) -> bool:
    event = state.setup.event
    return event is not None and node.listens_to != event.name


def _paused(state: "State", event: FlowPaused, at: int) -> None:
    state.is_draining = True
    state.paused_by_parent = event.by_parent


def _drained(state: "State", event: FlowDrained, at: int) -> None:
    state.is_draining = False


def _resumed(state: "State", event: FlowResumed, at: int) -> None:
    state.is_draining = state.paused_by_parent = False
    state.grants = 0
    state.granted.clear()
    state.passed |= state.halted
    state.halted.clear()


def _stepped(state: "State", event: FlowStepped, at: int) -> None:
    if state.status is PAUSED:
        state.grants += 1


def _breakpoints_set(state: "State", event: BreakpointsSet, at: int) -> None:
    state.breakpoints = frozenset(event.node_ids)


def _breakpoint_hit(state: "State", event: DebugBreakpointHit, at: int) -> None:
    state.is_draining = True
    state.halted.add(state.plan.numbers[event.node_id])


def _completed(state: "State", event: FlowCompleted, at: int) -> None:
    state.outputs = event.outputs


def _failed(state: "State", event: FlowFailed, at: int) -> None:
    state.error = event.error


# --- nodes ------------------------------------------------------------------------------------------------------------


def _node_started(state: "State", event: NodeStarted, at: int) -> None:
    number = state.plan.numbers[event.node_id]
    record = state.leave(number, EXECUTING)
    record.attempt, record.inputs, record.started_at = event.attempt, event.inputs, at
    record.spawned = 0
    if state.status is PAUSED:
        _use_grant(state, number)
    if state.plan.nodes[number].is_group:
        start_members(state, state.plan.nodes[number])
        state.close_group(number)
    else:
        state.executing += 1


def _use_grant(state: "State", number: int) -> None:
    """A step's grant goes with the node that it let start, also into another attempt after a loss of the worker."""
    if number not in state.granted:
        state.grants -= 1
        state.granted.add(number)


def _note_taken_over(state: "State", event: NodeCompleted, at: int) -> None:
    """Show what a fork begins with; what hangs on it is told when the flow starts."""
    record = state.nodes[state.plan.numbers[event.node_id]]
    record.status, record.outputs, record.completed_at = NodeStatus.COMPLETED, dict(event.outputs), at
    state.taken_over.append((event, at))


def _take_over(state: "State", event: NodeCompleted, at: int) -> None:
    number = state.plan.numbers[event.node_id]
    state.nodes[number].outputs = {}
    _complete(state, number, event, at)


def _node_completed(state: "State", event: NodeCompleted, at: int) -> None:
    if state.status is CREATED:
        _note_taken_over(state, event, at)
        return
    number = state.plan.numbers[event.node_id]
    record = state.nodes[number]
    if record.signal is not None:
        _spend_signal(state, record.signal, event)
    _complete(state, number, event, at)


def _complete(state: "State", number: int, event: NodeCompleted, at: int) -> None:
    state.end(number, NodeStatus.COMPLETED, at)
    state.close_ports(number, {**event.outputs, SUCCESS: TRUE})


def _spend_signal(state: "State", name: str, event: NodeCompleted) -> None:
    """The signal that ended a wait is there no more; of equal ones it does not matter which."""
    kept = state.kept[name]
    kept.remove(event.outputs["payload"])
    if not kept:
        del state.kept[name]


def _node_failed(state: "State", event: NodeFailed, at: int) -> None:
    number = state.plan.numbers[event.node_id]
    record = state.end(number, NodeStatus.FAILED, at)
    record.error, record.attempt = event.error, event.attempt
    if event.error.code is not ErrorCode.CANCELLED:
        state.failed_node_count += 1
        _judge(state, number, event.error)
    state.close_ports(number, {ERROR: TRUE, ERROR_MESSAGE: Value.of(event.error.message)})


def _judge(state: "State", number: int, error: ExecutionError) -> None:
    policy = state.setup.options.on_node_failure
    if policy is NodeFailurePolicy.FAIL and not state.plan.nodes[number].handles_errors:
        state.fatal = state.fatal or error


def _node_retrying(state: "State", event: NodeRetrying, at: int) -> None:
    number = state.plan.numbers[event.node_id]
    record = state.leave(number, WAITING)
    record.retries += 1
    record.error, record.retrying = event.error, True
    if record.early:
        void(state, number)
    _wait(state, number, at + round(event.delay), state.retries)


def _node_waiting(state: "State", event: NodeWaiting, at: int) -> None:
    number = state.plan.numbers[event.node_id]
    record = state.leave(number, WAITING)
    record.promised = event.outputs
    if event.until:
        _wait(state, number, parse_time(event.until), state.due)
    if event.signal_name is not None:
        record.signal = event.signal_name
        state.awaited.setdefault(event.signal_name, []).append(number)
    if event.calls:
        _call(state, number, event.calls)


def _wait(state: "State", number: int, until: int, waits: list[tuple[int, int]]) -> None:
    state.nodes[number].until = until
    heapq.heappush(waits, (until, number))


def _call(state: "State", number: int, calls: Calls) -> None:
    state.nodes[number].calls = record = CallsRecord(calls)
    _go_on(state, number, record)


def _node_skipped(state: "State", event: NodeSkipped, at: int) -> None:
    number = state.plan.numbers[event.node_id]
    state.end(number, NodeStatus.SKIPPED, at)
    for member in filter(state.is_inside, state.plan.nodes[number].members):
        _doom_member(state, member, number)
    state.close_ports(number, {})


def _doom_member(state: "State", number: int, group: int) -> None:
    readiness = state.nodes[number].readiness
    if not readiness.doomed:
        readiness.doomed, readiness.causes = True, [group]
        state.doom(number)


def _port_resolved(state: "State", event: NodePortResolved, at: int) -> None:
    state.resolve_early(state.plan.numbers[event.node_id], event.port, event.value, at)


def _output_chunk(state: "State", event: NodeOutputChunk, at: int) -> None:
    record = state.nodes[state.plan.numbers[event.node_id]]
    stream = record.streams.get(event.port)
    if stream is None or stream.attempt != event.attempt:
        stream = StreamRecord(event.attempt, state.last_index + 1)
        record.streams = {**record.streams, event.port: stream}
    stream.pieces = event.sequence + event.count


# --- signals and children ---------------------------------------------------------------------------------------------


def _signal_received(state: "State", event: SignalReceived, at: int) -> None:
    if event.accepted and event.signal_name is not None:
        # The wait that it ends takes it out again.
        state.kept.setdefault(event.signal_name, []).append(event.payload or NULL)


def _child_spawned(state: "State", event: ChildExecutionSpawned, at: int) -> None:
    state.children[event.child_execution_id] = _child(state, event)


def _child(state: "State", event: ChildExecutionSpawned) -> CallRecord:
    if event.spawned_by_node_id is None:
        state.children_spawned += 1
        return CallRecord(None, event.event_name)
    number = state.plan.numbers[event.spawned_by_node_id]
    record = state.nodes[number]
    record.spawned += 1
    calls = record.calls if event.event_name is None else None
    if calls is None:
        return CallRecord(number, event.event_name)
    calls.next, calls.open = calls.next + 1, calls.open + 1
    return CallRecord(number, None, calls, calls.next - 1)


def _child_completed(state: "State", event: ChildExecutionCompleted, at: int) -> None:
    _child_ended(state, event, CallEnd(event.child_execution_id, event.outputs, None))


def _child_failed(state: "State", event: ChildExecutionFailed, at: int) -> None:
    _child_ended(state, event, CallEnd(event.child_execution_id, None, event.error))
    if state.setup.options.on_child_failure is NodeFailurePolicy.FAIL:
        message = f"The child {event.child_execution_id} failed: {event.error.message}"
        error = ExecutionError(code=event.error.code, message=message, node_id=event.spawned_by_node_id)
        state.fatal = state.fatal or error


def _child_ended(state: "State", event: ChildEvent, end: CallEnd) -> None:
    number, _, calls, place = state.children.pop(event.child_execution_id)
    if number is None or calls is None:
        return
    calls.open -= 1
    calls.ends[place] = end
    if calls is state.nodes[number].calls:
        _go_on(state, number, calls)


def _go_on(state: "State", number: int, calls: CallsRecord) -> None:
    """Note that a node may call more, or has got all that it called for."""
    if calls.is_over:
        state.returned.add(number)
    else:
        state.callers.append(number)


FOLDS: Mapping[type[Event], Callable[["State", Any, int], None]] = {
    ExecutionRecovered: _recovered,
    FlowStarted: _flow_started,
    FlowPaused: _paused,
    FlowDrained: _drained,
    FlowResumed: _resumed,
    FlowStepped: _stepped,
    BreakpointsSet: _breakpoints_set,
    DebugBreakpointHit: _breakpoint_hit,
    NodeStarted: _node_started,
    NodeCompleted: _node_completed,
    NodeFailed: _node_failed,
    NodeRetrying: _node_retrying,
    NodeWaiting: _node_waiting,
    NodeSkipped: _node_skipped,
    NodePortResolved: _port_resolved,
    NodeOutputChunk: _output_chunk,
    SignalReceived: _signal_received,
    ChildExecutionSpawned: _child_spawned,
    ChildExecutionCompleted: _child_completed,
    ChildExecutionFailed: _child_failed,
    FlowCompleted: _completed,
    FlowFailed: _failed,
}
