"""What follows from how a node's attempt went."""

from collections.abc import Iterator, Mapping

from engine.calls import spawn_emits, too_deep
from engine.closing import node_time
from engine.commands import NodeAwaitsSignal, NodeCalls, NodeErred, NodeLogged, NodeSucceeded, NodeWaits
from engine.decision import NOTHING, Decision
from engine.endings import completion, failure
from engine.entry import time_text
from engine.event import Event
from engine.events import Calls, NodeDebugLogString, NodeRetrying, NodeWaiting
from engine.signals import take_kept
from engine.starting import status_change
from engine.state import State
from engine.status import EXECUTING, NodeStatus
from engine.values import Value
from engine.voiding import past_repeating, users_that_ended, users_under_way


def is_current(state: State, number: int, attempt: int) -> bool:
    """Whether the attempt is still the node's own: it runs, or what it called has ended and it goes on with that."""
    record = state.nodes[number]
    if record.status is not EXECUTING and (record.calls is None or not record.calls.is_over):
        return False
    return record.attempt == attempt


def node_succeeded(state: State, command: NodeSucceeded, now: int) -> Decision:
    """The node completes, and a child is spawned for each event that it emitted."""
    if not is_current(state, command.node, command.attempt):
        return NOTHING
    if command.emits and (error := too_deep(state, command.node)):
        return Decision(tuple(failure(state, command.node, error, command.elapsed)))
    completed = completion(state, command.node, command.outputs, command.elapsed)
    return spawn_emits(state, command, completed) if command.emits else Decision(completed)


def node_waits(state: State, command: NodeWaits, now: int) -> Decision:
    """The node waits for its time."""
    if not is_current(state, command.node, command.attempt):
        return NOTHING
    return Decision(tuple(_wait(state, command.node, until=command.until, outputs=command.outputs)))


def node_awaits_signal(state: State, command: NodeAwaitsSignal, now: int) -> Decision:
    """The node waits for a signal, or takes the oldest that was kept and fits."""
    if not is_current(state, command.node, command.attempt):
        return NOTHING
    waiting = tuple(_wait(state, command.node, until=command.until, signal_name=command.name))
    outputs = take_kept(state, command.node, command.name)
    if outputs is None:
        return Decision(waiting)
    elapsed = node_time(state.nodes[command.node], now)
    return Decision((*waiting, *completion(state, command.node, outputs, elapsed, old=NodeStatus.WAITING)))


def node_calls(state: State, command: NodeCalls, now: int) -> Decision:
    """The node waits for the children that it asked for; they are spawned next."""
    if not is_current(state, command.node, command.attempt):
        return NOTHING
    if command.calls.count and (error := too_deep(state, command.node)):
        elapsed = node_time(state.nodes[command.node], now)
        return Decision(tuple(failure(state, command.node, error, elapsed)))
    return Decision(tuple(_wait(state, command.node, calls=command.calls)))


def _wait(
    state: State,
    number: int,
    *,
    until: int | None = None,
    outputs: Mapping[str, Value] | None = None,
    signal_name: str | None = None,
    calls: Calls | None = None,
) -> Iterator[Event]:
    node = state.plan.nodes[number]
    yield from status_change(state, number, NodeStatus.WAITING)
    yield NodeWaiting(
        node_id=node.id,
        node_type=node.type_name,
        until=None if until is None else time_text(until),
        signal_name=signal_name,
        child_count=calls.count if calls else None,
        outputs=None if outputs is None else dict(outputs),
        calls=calls,
    )


def node_erred(state: State, command: NodeErred, now: int) -> Decision:
    """The node is tried again after a while, or has failed."""
    if not is_current(state, command.node, command.attempt):
        return NOTHING
    return err(state, command)


def err(state: State, command: NodeErred) -> Decision:
    """What follows from a failure, whatever the node was at."""
    if not _may_retry(state, command):
        return Decision(tuple(failure(state, command.node, command.error, command.elapsed)))
    if spent := users_that_ended(state, command.node):
        final = past_repeating(state, command.node, spent, command.error)
        return Decision(tuple(failure(state, command.node, final, command.elapsed)))
    return Decision(tuple(_retry(state, command)))


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
        node_type=node.type_name,
        attempt=command.attempt,
        error=command.error,
        delay=float(round(delay)),
    )
    for user in users_under_way(state, command.node):
        yield from status_change(state, user, NodeStatus.IDLE)


def node_logged(state: State, command: NodeLogged, now: int) -> Decision:
    """The line is recorded, where such lines are."""
    if not state.records_all or not is_current(state, command.node, command.attempt):
        return NOTHING
    node = state.plan.nodes[command.node]
    return Decision((NodeDebugLogString(node_id=node.id, node_type=node.type_name, log=command.text),))
