"""Children: spawned for what a node emits, for what it calls, and for the events that came with the execution."""

from collections.abc import Sequence

from engine.calling import CallRecord
from engine.closing import fail_flow, node_time
from engine.commands import ChildEnded, ChildrenRefused, NodeSucceeded
from engine.decision import NOTHING, Decision
from engine.endings import failure
from engine.event import Event
from engine.events import ChildExecutionCompleted, ChildExecutionFailed, ChildExecutionSpawned
from engine.records import ExecutionError
from engine.spawns import MAX_DEPTH, CalledFlow, FlowEvent, Spawn, child_id
from engine.state import State
from engine.status import ErrorCode
from engine.values import Value

SPAWNS_AT_ONCE = 500
"""How many children one append creates at most, where they are not bound to come together."""


def too_deep(state: State, number: int) -> ExecutionError | None:
    """Why a node of this execution cannot spawn: its children would be too far from the root."""
    if state.setup.depth < MAX_DEPTH:
        return None
    message = f"A child would be more than {MAX_DEPTH} levels below the root."
    return ExecutionError(code=ErrorCode.DEPTH, message=message, node_id=state.plan.nodes[number].id)


def spawn_emits(state: State, command: NodeSucceeded, completed: Sequence[Event]) -> Decision:
    """One child for each event that the node has emitted, together with its completion."""
    node, record = state.plan.nodes[command.node], state.nodes[command.node]
    spawns = tuple(
        _for_event(state, emit.child_id, f"{node.id}:{command.attempt}:{number}", emit.event, node.id)
        for number, emit in enumerate(command.emits, record.spawned)
    )
    return _spawning(state, completed, spawns, command.node)


def spawn_for_events(state: State, now: int) -> Decision:
    """One child for each event that the execution was created with, all at once."""
    events = state.setup.external_events
    if not events or state.children_spawned:
        return NOTHING
    spawns = tuple(
        _for_event(state, child_id(state.setup.execution_id, "event", number, now), f"event:{number}", event, None)
        for number, event in enumerate(events)
    )
    return _spawning(state, (), spawns, None)


def spawn_calls(state: State, now: int) -> Decision:
    """The next children of a node that calls flows, as many as its concurrency allows."""
    number = state.next_caller()
    if number is None:
        return NOTHING
    node, record = state.plan.nodes[number], state.nodes[number]
    calls, prefix = record.calls, f"{node.id}:{record.attempt}"
    assert calls is not None
    spawns = tuple(
        Spawn(
            child_id(state.setup.execution_id, prefix, record.spawned + offset, now),
            f"{prefix}:{record.spawned + offset}",
            node.id,
            flow=CalledFlow(calls.spec.flow_id, calls.spec.flow_version, calls.spec.flow_name),
            inputs={name: Value.of(data) for name, data in calls.spec.inputs.data[calls.next + offset].items()},
        )
        for offset in range(min(calls.room, SPAWNS_AT_ONCE))
    )
    return _spawning(state, (), spawns, number)


def children_refused(state: State, command: ChildrenRefused, now: int) -> Decision:
    """The budget of the tree does not allow what a node (None: the execution itself) wanted to spawn."""
    limit = state.setup.options.max_children
    message = f"The tree would have more than {limit} descendants of its root."
    if command.node is None:
        return fail_flow(state, ExecutionError(code=ErrorCode.BUDGET, message=message), now)
    node, record = state.plan.nodes[command.node], state.nodes[command.node]
    if record.status.ended:
        return NOTHING
    error = ExecutionError(code=ErrorCode.BUDGET, message=message, node_id=node.id)
    return Decision(tuple(failure(state, command.node, error, node_time(record, now))))


def child_ended(state: State, command: ChildEnded, now: int) -> Decision:
    """A child's end is recorded in its parent."""
    call = state.children.get(command.child_id)
    if call is None:
        return NOTHING
    if command.error is not None:
        return Decision((_failed(state, command.child_id, call, command.error),))
    return Decision(
        (
            ChildExecutionCompleted(
                child_execution_id=command.child_id,
                spawned_by_node_id=_node_id(state, call),
                event_name=call.event_name,
                outputs=dict(command.outputs or {}),
            ),
        )
    )


def _failed(state: State, child: str, call: CallRecord, error: ExecutionError) -> ChildExecutionFailed:
    return ChildExecutionFailed(
        child_execution_id=child,
        spawned_by_node_id=_node_id(state, call),
        event_name=call.event_name,
        error=error,
    )


def _node_id(state: State, call: CallRecord) -> str | None:
    return None if call.node is None else state.plan.nodes[call.node].id


def _for_event(state: State, child: str, key: str, event: FlowEvent, spawned_by: str | None) -> Spawn:
    return Spawn(child, key, spawned_by, event, breakpoints=sorted(state.breakpoints))


def _spawning(state: State, before: Sequence[Event], spawns: tuple[Spawn, ...], number: int | None) -> Decision:
    events = tuple(
        ChildExecutionSpawned(
            child_execution_id=spawn.child_id,
            spawned_by_node_id=spawn.spawned_by,
            event_name=spawn.event.name if spawn.event else None,
            event_data=spawn.event.payload if spawn.event else None,
        )
        for spawn in spawns
    )
    return Decision((*before, *events), spawns=spawns, otherwise=ChildrenRefused(number))
