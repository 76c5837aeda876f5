"""What to think of an execution whose workers are lost while it runs, and how one ends that takes them down.

A loss says little about whom it hit: a machine may have failed, or another execution have taken the process down. So
losses only make an execution suspect, which then runs in a process that has nothing else. What dies there died of it.
"""

from collections.abc import Iterator, Sequence

from engine.advance import names
from engine.closing import fail_flow
from engine.commands import Recover
from engine.decide import decide
from engine.entry import Entry
from engine.event import Event
from engine.events import NodeFailed
from engine.losses import FATAL_CRASHES, SUSPECT_LOSSES
from engine.records import ExecutionError
from engine.starting import status_change
from engine.state import State
from engine.status import ErrorCode, NodeStatus

RUN_AGAIN = (NodeStatus.EXECUTING, NodeStatus.READY)


def is_suspect(state: State, recovery: Recover | None) -> bool:
    """Whether workers were lost again and again with the same node under way, `recovery` counted in."""
    return any(_lost(state, number, recovery) >= SUSPECT_LOSSES for number in _under_way(state, recovery))


def is_convicted(state: State, recovery: Recover | None) -> bool:
    """Whether processes that ran nothing else died again and again, `recovery` counted in."""
    return any(_crashed(state, number, recovery) >= FATAL_CRASHES for number in _under_way(state, recovery))


def end_as_crashed(state: State, recovery: Recover | None, now: int) -> Sequence[Entry]:
    """Fail a convicted execution, and say which nodes were under way; what is told is folded into the state too."""
    culprits = [number for number in _under_way(state, recovery) if _crashed(state, number, recovery) >= FATAL_CRASHES]
    entries: list[Entry] = []
    if recovery:
        _tell(state, decide(state, recovery, now).events, now, entries)
    _tell(state, [event for number in culprits for event in _node_failure(state, number)], now, entries)
    _tell(state, fail_flow(state, _error(state, culprits), now).events, now, entries)
    return entries


def _tell(state: State, events: Sequence[Event], now: int, entries: list[Entry]) -> None:
    for event in events:
        entry = Entry(state.last_index + 1, now, event)
        state.apply(entry)
        entries.append(entry)


def _under_way(state: State, recovery: Recover | None) -> Iterator[int]:
    """The nodes that a worker would run again; none if no loss was ever recorded, for the first says nothing."""
    if not state.losses:
        return
    for number in state.begun_nodes():
        if state.nodes[number].status in RUN_AGAIN and not state.plan.nodes[number].is_group:
            yield number


def _lost(state: State, number: int, recovery: Recover | None) -> int:
    record = state.nodes[number]
    recorded = state.losses.lost(number, record.retries)
    return recorded + (recovery is not None and recovery.is_loss and record.status is NodeStatus.EXECUTING)


def _crashed(state: State, number: int, recovery: Recover | None) -> int:
    record = state.nodes[number]
    recorded = state.losses.crashed(number, record.retries, state.unfinished)
    return recorded + (recovery is not None and recovery.alone and record.status is NodeStatus.EXECUTING)


def _node_failure(state: State, number: int) -> Iterator[Event]:
    node, record = state.plan.nodes[number], state.nodes[number]
    yield from status_change(state, number, NodeStatus.FAILED)
    yield NodeFailed(
        node_id=node.id,
        node_type=node.type_name,
        attempt=record.attempt,
        error=_error(state, [number]),
        execution_time=0.0,
    )


def _error(state: State, culprits: Sequence[int]) -> ExecutionError:
    node_ids = [state.plan.nodes[number].id for number in culprits]
    times = max(state.losses.lost(number, state.nodes[number].retries) for number in culprits)
    message = f"The process that ran {names(node_ids)} was lost {times} times, at last where it ran nothing else."
    return ExecutionError(
        code=ErrorCode.CRASH,
        message=message,
        node_id=node_ids[0] if len(node_ids) == 1 else None,
    )
