"""What becomes of what a node has given early when its attempt is followed by another: it is void.

Nodes that run or wait with it begin anew when it is given again, and so do those that they have given something early.
Where one has ended with it nothing can be taken back, and the node cannot be attempted again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from engine.early import NO_STREAMS, NONE_EARLY
from engine.plan import PlanEdge
from engine.ports import AFTER, EXECUTE
from engine.readiness import reopen
from engine.records import ExecutionError
from engine.status import JoinMode, NodeStatus

if TYPE_CHECKING:
    from engine.state import State


@dataclass(slots=True)
class Users:
    """Who has what a node gave early: `ended` and `begun` have used it, what the others have of it can be taken back.

    They are in the order in which they were found.
    """

    ended: list[int] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)


def users_that_ended(state: "State", number: int) -> list[int]:
    """The nodes that have ended with what a node gave early, or with what followed from it."""
    return _users(state, number).ended if state.nodes[number].early else []


def users_under_way(state: "State", number: int) -> list[int]:
    """The nodes that run or wait with what a node gave early, or with what followed from it."""
    return _users(state, number).begun if state.nodes[number].early else []


def past_repeating(state: "State", number: int, ended: list[int], error: ExecutionError) -> ExecutionError:
    """The error of a node that would be attempted again, if others had not ended with what it gave."""
    user = state.plan.nodes[ended[0]].id
    said = f"It is not attempted again, because {user!r} has ended with what it had given by then."
    return error.model_copy(update={"message": f"{error.message} {said}", "retryable": False})


def void(state: "State", number: int) -> None:
    """Take back what a node gave early; nothing may have ended with it."""
    users = _users(state, number)
    for each in users.begun:
        _reset(state, each)
    _forget(state, number)
    for each in dict.fromkeys((*users.begun, *users.others)):
        reopen(state, each)


def _users(state: "State", number: int) -> Users:
    users, known = Users(), {number}
    # Those that have begun are looked at in turn, while more of them are found.
    for each in chain((number,), users.begun):
        for target, is_used in _reached(state, each):
            _sort_in(state, target, is_used, users, known)
    return users


def _sort_in(state: "State", target: int, is_used: bool, users: Users, known: set[int]) -> None:
    record = state.nodes[target]
    if not record.status.ended and not record.is_under_way:
        users.others.append(target)
    elif is_used and record.status.ended:
        users.ended.append(target)
    elif is_used and target not in known:
        known.add(target)
        users.begun.append(target)


def _reached(state: "State", number: int) -> Iterator[tuple[int, bool]]:
    """The nodes that hang on what a node gave early, and whether they used it; of a group also its members."""
    node = state.plan.nodes[number]
    for port in state.nodes[number].early:
        for edge in node.outgoing.get(port, ()):
            if state.is_inside(edge.target_node):
                yield edge.target_node, _is_used(state, edge)
    yield from ((member, True) for member in node.members if state.is_inside(member))


def _is_used(state: "State", edge: PlanEdge) -> bool:
    """Whether the target began, or was skipped, because of what the edge brought."""
    node, record = state.plan.nodes[edge.target_node], state.nodes[edge.target_node]
    readiness, port = record.readiness, edge.target_port
    if port == AFTER:
        return False
    if record.status is NodeStatus.SKIPPED:
        return port == EXECUTE and edge.source_node in readiness.causes
    is_first = edge.sole or port in node.many or readiness.first.get(port) is edge
    return is_first and (port == EXECUTE or node.join is JoinMode.ALL or port in readiness.met[:1])


def _reset(state: "State", number: int) -> None:
    """Let a node be as if it had not begun, but that its attempts count."""
    if state.nodes[number].status is not NodeStatus.READY and not state.plan.nodes[number].is_group:
        state.voided.append(number)
    record = state.leave(number, NodeStatus.IDLE)
    record.inputs = record.until = record.promised = record.error = None
    _forget(state, number)


def _forget(state: "State", number: int) -> None:
    record = state.nodes[number]
    record.outputs, record.early, record.streams = {}, NONE_EARLY, NO_STREAMS
