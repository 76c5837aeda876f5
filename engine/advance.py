"""What comes next when nobody has said anything new: nodes start, are skipped, have waited enough; the flow ends."""

from collections.abc import Callable, Iterator, Sequence

from engine.calls import spawn_calls, spawn_for_events
from engine.closing import close, fail_flow, flow_time, node_time
from engine.commands import Advance, NodeErred
from engine.decision import NOTHING, Decision
from engine.endings import completion, failure
from engine.errors import ValueRefused
from engine.event import Event
from engine.events import DebugBreakpointHit, FlowCompleted, FlowDrained, NodeSkipped
from engine.outcomes import err
from engine.records import ExecutionError
from engine.starting import start_node, status_change
from engine.state import State
from engine.status import RUNNING, ErrorCode, ExecutionStatus, NodeStatus
from engine.values import Value
from engine.voiding import past_repeating, users_that_ended

NAMED_NODES = 10


def advance(state: State, command: Advance, now: int) -> Decision:
    """The first thing that can be done now, or nothing."""
    if state.status is RUNNING:
        rules = _NEXT if state.has_more_than_starts else _NEXT_STARTS
    else:
        rules = _NEXT_WHILE_PAUSED if state.status is ExecutionStatus.PAUSED else _BEFORE_START
    for rule in rules:
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
    if state.active_ms(now) < state.flow_timeout_ms:
        return NOTHING
    message = f"The flow's nodes ran for more than {state.flow_timeout_ms} ms."
    return fail_flow(state, ExecutionError(code=ErrorCode.TIMEOUT, message=message), now)


def _say_drained(state: State, now: int) -> Decision:
    return Decision((FlowDrained(),)) if state.is_draining and state.executing == 0 else NOTHING


def skip_doomed(state: State, now: int) -> Decision:
    """Skip a node that can never run."""
    number = state.next_doomed()
    return NOTHING if number is None else Decision(tuple(_skip(state, number)))


def _skip(state: State, number: int) -> Iterator[Event]:
    node = state.plan.nodes[number]
    causes = [state.plan.nodes[cause].id for cause in state.nodes[number].readiness.causes]
    yield from status_change(state, number, NodeStatus.SKIPPED)
    yield NodeSkipped(
        node_id=node.id,
        node_type=node.type_name,
        reason=_reason(state, number, causes),
        caused_by=causes,
    )


def _reason(state: State, number: int, causes: Sequence[str]) -> str:
    node = state.plan.nodes[number]
    if node.disabled:
        return "The node is disabled."
    if node.listens_to is not None and not causes:
        return f"The execution runs for another event than {node.listens_to!r}."
    return f"Nothing can come from {names(causes)}."


def names(node_ids: Sequence[str]) -> str:
    """Name nodes for people, who do not read thousands."""
    more = len(node_ids) - NAMED_NODES
    return ", ".join(node_ids[:NAMED_NODES]) + (f" and {more} more" if more > 0 else "")


def close_group(state: State, now: int) -> Decision:
    """End a group whose members have all ended."""
    number = state.next_finished_group()
    if number is None:
        return NOTHING
    elapsed = node_time(state.nodes[number], now)
    failed = [member for member in state.plan.nodes[number].members if _failed_unhandled(state, member)]
    if not failed:
        return Decision(completion(state, number, {}, elapsed))
    listed = names([state.plan.nodes[member].id for member in failed])
    group = state.plan.nodes[number].id
    error = ExecutionError(code=ErrorCode.NODE, message=f"Failed in the group: {listed}.", node_id=group)
    return Decision(tuple(failure(state, number, error, elapsed)))


def _failed_unhandled(state: State, number: int) -> bool:
    node = state.plan.nodes[number]
    return state.nodes[number].status is NodeStatus.FAILED and not node.has_error_edges


def _end_wait(state: State, now: int) -> Decision:
    due = state.next_due()
    if due is None or due[0] > now:
        return NOTHING
    record = state.nodes[due[1]]
    elapsed = node_time(record, now)
    if record.signal is not None:
        return _miss_signal(state, due[1], record.signal, elapsed)
    return Decision(completion(state, due[1], record.promised or {}, elapsed))


def _miss_signal(state: State, number: int, name: str, elapsed: float) -> Decision:
    error = ExecutionError(
        code=ErrorCode.TIMEOUT,
        message=f"The signal {name!r} did not come in time.",
        node_id=state.plan.nodes[number].id,
        retryable=True,
    )
    return err(state, NodeErred(number, state.nodes[number].attempt, error, elapsed, 0.0))


def _start_ready(state: State, now: int) -> Decision:
    number = state.next_to_start(now)
    if number is None or not _may_begin(state, number):
        return NOTHING
    if state.breakpoints and state.stops_before(number):
        return _stop_before(state, number)
    return _begin(state, number, now)


def _stop_before(state: State, number: int) -> Decision:
    node = state.plan.nodes[number]
    return Decision((DebugBreakpointHit(node_id=node.id, node_type=node.type_name),))


def _start_granted(state: State, now: int) -> Decision:
    """In a pause only what was granted starts: once for each step, and again if its worker was lost."""
    number = state.next_granted()
    if number is None and state.grants:
        number = state.next_to_start(now)
    return NOTHING if number is None or not _may_begin(state, number) else _begin(state, number, now)


def _may_begin(state: State, number: int) -> bool:
    """Whether there is a place for a node; a group takes none."""
    return state.has_place or state.plan.nodes[number].is_group


def _begin(state: State, number: int, now: int) -> Decision:
    if state.nodes[number].early and (spent := users_that_ended(state, number)):
        return _end_unrepeatable(state, number, spent)
    try:
        return Decision(start_node(state, number, now))
    except ValueRefused as error:
        refused = ExecutionError(code=ErrorCode.PAYLOAD, message=error.message, node_id=state.plan.nodes[number].id)
        return Decision(tuple(failure(state, number, refused, 0.0)))


def _end_unrepeatable(state: State, number: int, spent: list[int]) -> Decision:
    node_id = state.plan.nodes[number].id
    cut = ExecutionError(code=ErrorCode.CRASH, message="The worker was lost while the node ran.", node_id=node_id)
    return Decision(tuple(failure(state, number, past_repeating(state, number, spent, cut), 0.0)))


def _complete_flow(state: State, now: int) -> Decision:
    if state.unfinished or state.children or state.has_children_to_come:
        return NOTHING
    terminal = FlowCompleted(
        outputs=_flow_outputs(state),
        failed_node_count=state.failed_node_count,
        execution_time=flow_time(state, now),
    )
    return close(state, terminal, now)


def _flow_outputs(state: State) -> dict[str, Value]:
    records = {name: state.nodes[number] for name, number in state.plan.outputs.items()}
    return {name: record.outputs["value"] for name, record in records.items() if "value" in record.outputs}


_NEXT: tuple[Callable[[State, int], Decision], ...] = (
    _fail_on_fatal,
    _fail_on_timeout,
    skip_doomed,
    close_group,
    _end_wait,
    spawn_for_events,
    spawn_calls,
    _start_ready,
    _complete_flow,
)


_BEFORE_START = (_start_timeout,)


# Those of them that have something to do where no node waits, is doomed, or has a group, a failure or a child.
_NEXT_STARTS = (_fail_on_timeout, _start_ready, _complete_flow)


# What ended the execution before the pause came in still ends it: its nodes are cancelled already. What is settled is
# recorded, so that a step finds what it makes ready.
_NEXT_WHILE_PAUSED = (
    _fail_on_fatal,
    _fail_on_timeout,
    skip_doomed,
    close_group,
    _end_wait,
    spawn_for_events,
    spawn_calls,
    _say_drained,
    _start_granted,
)
