"""Decisions: what events follow from a command in a state. Pure: same state and command, same events.

A decision is a list of events that belong together. `closing` ones end the execution: they are folded in only after
the log has them, because a command that came in meanwhile goes first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.commands import (
    Advance,
    Command,
    NodeErred,
    NodeLogged,
    NodeSucceeded,
    NodeWaits,
    Pause,
    Recover,
    Resume,
    Start,
    Stop,
)
from engine.entry import time_text
from engine.errors import ValueRefused
from engine.events import (
    Event,
    ExecutionError,
    ExecutionRecovered,
    FlowCancelled,
    FlowCompleted,
    FlowDrained,
    FlowFailed,
    FlowPaused,
    FlowResumed,
    FlowStarted,
    NodeCompleted,
    NodeDebugLogString,
    NodeFailed,
    NodeRetrying,
    NodeSkipped,
    NodeWaiting,
)
from engine.starting import records_all, start_node, status_change
from engine.state import NodeRecord, State
from engine.status import ErrorCode, ExecutionStatus, NodeStatus
from engine.values import Value

NAMED_NODES = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """Events to append together; `closing` if the last of them ends the execution."""

    events: tuple[Event, ...] = ()
    closing: bool = False


NOTHING = Decision()


def decide(state: State, command: Command, now: int) -> Decision:
    """Decide what follows; `now` is milliseconds since 1970. A command that no longer applies decides nothing."""
    return NOTHING if state.status.ended else _RULES[type(command)](state, command, now)


# --- commands of clients and workers ----------------------------------------------------------------------------------


def _start(state: State, command: Start, now: int) -> Decision:
    if state.status is not ExecutionStatus.CREATED:
        return NOTHING
    return Decision((FlowStarted(worker_id=command.worker_id),))


def _stop(state: State, command: Stop, now: int) -> Decision:
    return _close(state, FlowCancelled(reason=command.reason, execution_time=_flow_time(state, now)), now)


def _pause(state: State, command: Pause, now: int) -> Decision:
    if state.status is not ExecutionStatus.RUNNING:
        return NOTHING
    return Decision((FlowPaused(reason=command.reason, running_nodes=state.executing),))


def _resume(state: State, command: Resume, now: int) -> Decision:
    return Decision((FlowResumed(),)) if state.status is ExecutionStatus.PAUSED else NOTHING


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


def _flow_time(state: State, now: int) -> float:
    return float(max(now - state.started_at, 0)) if state.started_at is not None else 0.0


def fail_flow(state: State, error: ExecutionError, now: int) -> Decision:
    """End the execution as failed."""
    return _close(state, FlowFailed(error=error, execution_time=_flow_time(state, now)), now)


def _close(state: State, terminal: Event, now: int) -> Decision:
    """End the execution: nodes that are under way are cancelled first."""
    cancelled = [event for number in state.begun_nodes() for event in _cancel(state, number, now)]
    return Decision((*cancelled, terminal), closing=True)


def _cancel(state: State, number: int, now: int) -> Iterator[Event]:
    node, record = state.plan.nodes[number], state.nodes[number]
    error = ExecutionError(
        code=ErrorCode.CANCELLED,
        message="Cancelled because the execution ended.",
        node_id=node.id,
        retryable=False,
    )
    yield from status_change(state, number, NodeStatus.FAILED)
    yield NodeFailed(
        node_id=node.id,
        node_type=node.node_type.type,
        attempt=record.attempt,
        error=error,
        execution_time=_since(record, now),
    )


def _since(record: NodeRecord, now: int) -> float:
    return float(max(now - record.started_at, 0)) if record.started_at is not None else 0.0


# --- outcomes of nodes ------------------------------------------------------------------------------------------------


def _is_current(state: State, number: int, attempt: int) -> bool:
    record = state.nodes[number]
    return record.status is NodeStatus.EXECUTING and record.attempt == attempt


def _node_succeeded(state: State, command: NodeSucceeded, now: int) -> Decision:
    if not _is_current(state, command.node, command.attempt):
        return NOTHING
    return Decision(tuple(_completion(state, command.node, command.outputs, command.elapsed)))


def _completion(state: State, number: int, outputs: Mapping[str, Value], elapsed: float) -> Iterator[Event]:
    node = state.plan.nodes[number]
    yield from status_change(state, number, NodeStatus.COMPLETED)
    yield NodeCompleted(
        node_id=node.id,
        node_type=node.node_type.type,
        attempt=state.nodes[number].attempt,
        outputs=dict(outputs),
        execution_time=elapsed,
    )


def _node_waits(state: State, command: NodeWaits, now: int) -> Decision:
    if not _is_current(state, command.node, command.attempt):
        return NOTHING
    node = state.plan.nodes[command.node]
    waiting = NodeWaiting(
        node_id=node.id,
        node_type=node.node_type.type,
        until=time_text(command.until),
        outputs=dict(command.outputs),
    )
    return Decision((*status_change(state, command.node, NodeStatus.WAITING), waiting))


def _node_erred(state: State, command: NodeErred, now: int) -> Decision:
    if not _is_current(state, command.node, command.attempt):
        return NOTHING
    if _may_retry(state, command):
        return Decision(tuple(_retry(state, command)))
    return Decision(tuple(_failure(state, command.node, command.error, command.elapsed)))


def _may_retry(state: State, command: NodeErred) -> bool:
    policy, error = state.plan.nodes[command.node].retry, command.error
    if policy is None or state.nodes[command.node].retries + 1 >= policy.max_attempts:
        return False
    return error.code in policy.on if policy.on is not None else error.retryable


def _retry(state: State, command: NodeErred) -> Iterator[Event]:
    node, record = state.plan.nodes[command.node], state.nodes[command.node]
    delay = node.retry.delay_ms(record.retries + 1, command.chance) if node.retry else 0.0
    yield from status_change(state, command.node, NodeStatus.WAITING)
    yield NodeRetrying(
        node_id=node.id,
        node_type=node.node_type.type,
        attempt=command.attempt,
        error=command.error,
        delay=float(round(delay)),
    )


def _failure(state: State, number: int, error: ExecutionError, elapsed: float) -> Iterator[Event]:
    node = state.plan.nodes[number]
    yield from status_change(state, number, NodeStatus.FAILED)
    yield NodeFailed(
        node_id=node.id,
        node_type=node.node_type.type,
        attempt=state.nodes[number].attempt,
        error=error,
        execution_time=elapsed,
    )


def _node_logged(state: State, command: NodeLogged, now: int) -> Decision:
    if not records_all(state) or not _is_current(state, command.node, command.attempt):
        return NOTHING
    node = state.plan.nodes[command.node]
    return Decision((NodeDebugLogString(node_id=node.id, node_type=node.node_type.type, log=command.text),))


# --- what comes next --------------------------------------------------------------------------------------------------


def _advance(state: State, command: Advance, now: int) -> Decision:
    if state.status is ExecutionStatus.CREATED:
        return _start_timeout(state, now)
    for rule in _NEXT if state.status is ExecutionStatus.RUNNING else _NEXT_WHILE_PAUSED:
        decision = rule(state, now)
        if decision is not NOTHING:
            return decision
    return NOTHING


def _start_timeout(state: State, now: int) -> Decision:
    limit = state.setup.options.start_timeout_ms
    if now < state.setup.created_at + limit:
        return NOTHING
    message = f"The execution was not started within {limit} ms."
    return fail_flow(state, ExecutionError(code=ErrorCode.START_TIMEOUT, message=message), now)


def _fail_on_fatal(state: State, now: int) -> Decision:
    return fail_flow(state, state.fatal, now) if state.fatal else NOTHING


def _fail_on_timeout(state: State, now: int) -> Decision:
    limit = state.setup.options.flow_timeout_ms
    if state.active_ms(now) < limit:
        return NOTHING
    message = f"The flow's nodes ran for more than {limit} ms."
    return fail_flow(state, ExecutionError(code=ErrorCode.TIMEOUT, message=message), now)


def _say_drained(state: State, now: int) -> Decision:
    return Decision((FlowDrained(),)) if state.is_draining and state.executing == 0 else NOTHING


def _skip_doomed(state: State, now: int) -> Decision:
    number = state.next_doomed()
    return NOTHING if number is None else Decision(tuple(_skip(state, number)))


def _skip(state: State, number: int) -> Iterator[Event]:
    node = state.plan.nodes[number]
    causes = [state.plan.nodes[cause].id for cause in state.nodes[number].readiness.causes]
    yield from status_change(state, number, NodeStatus.SKIPPED)
    yield NodeSkipped(
        node_id=node.id,
        node_type=node.node_type.type,
        reason="The node is disabled." if node.disabled else f"Nothing can come from {names(causes)}.",
        caused_by=causes,
    )


def names(node_ids: Sequence[str]) -> str:
    """Name nodes for people, who do not read thousands."""
    more = len(node_ids) - NAMED_NODES
    return ", ".join(node_ids[:NAMED_NODES]) + (f" and {more} more" if more > 0 else "")


def _close_group(state: State, now: int) -> Decision:
    number = state.next_finished_group()
    if number is None:
        return NOTHING
    elapsed = _since(state.nodes[number], now)
    failed = [member for member in state.plan.nodes[number].members if _failed_unhandled(state, member)]
    if not failed:
        return Decision(tuple(_completion(state, number, {}, elapsed)))
    listed = names([state.plan.nodes[member].id for member in failed])
    group = state.plan.nodes[number].id
    error = ExecutionError(code=ErrorCode.NODE, message=f"Failed in the group: {listed}.", node_id=group)
    return Decision(tuple(_failure(state, number, error, elapsed)))


def _failed_unhandled(state: State, number: int) -> bool:
    node = state.plan.nodes[number]
    return state.nodes[number].status is NodeStatus.FAILED and not node.has_error_edges


def _end_wait(state: State, now: int) -> Decision:
    due = state.next_due()
    if due is None or due[0] > now:
        return NOTHING
    record = state.nodes[due[1]]
    return Decision(tuple(_completion(state, due[1], record.promised or {}, _since(record, now))))


def _start_ready(state: State, now: int) -> Decision:
    number = state.next_to_start(now)
    return NOTHING if number is None else _begin(state, number, now)


def _begin(state: State, number: int, now: int) -> Decision:
    if not state.has_place and not state.plan.nodes[number].is_group:
        return NOTHING
    try:
        return Decision(tuple(start_node(state, number, now)))
    except ValueRefused as error:
        refused = ExecutionError(code=ErrorCode.PAYLOAD, message=error.message, node_id=state.plan.nodes[number].id)
        return Decision(tuple(_failure(state, number, refused, 0.0)))


def _complete_flow(state: State, now: int) -> Decision:
    if state.unfinished:
        return NOTHING
    terminal = FlowCompleted(
        outputs=_flow_outputs(state),
        failed_node_count=state.failed_node_count,
        execution_time=_flow_time(state, now),
    )
    return _close(state, terminal, now)


def _flow_outputs(state: State) -> dict[str, Value]:
    records = {name: state.nodes[number] for name, number in state.plan.outputs.items()}
    return {name: record.outputs["value"] for name, record in records.items() if "value" in record.outputs}


_NEXT: tuple[Callable[[State, int], Decision], ...] = (
    _fail_on_fatal,
    _fail_on_timeout,
    _skip_doomed,
    _close_group,
    _end_wait,
    _start_ready,
    _complete_flow,
)


# What ended the execution before the pause came in still ends it: its nodes are cancelled already.
_NEXT_WHILE_PAUSED = (_fail_on_fatal, _fail_on_timeout, _end_wait, _say_drained)

_RULES: Mapping[type[Command], Callable[[State, Any, int], Decision]] = {
    Start: _start,
    Pause: _pause,
    Resume: _resume,
    Stop: _stop,
    Recover: _recover,
    NodeSucceeded: _node_succeeded,
    NodeWaits: _node_waits,
    NodeErred: _node_erred,
    NodeLogged: _node_logged,
    Advance: _advance,
}
