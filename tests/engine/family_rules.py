"""What every family must obey: each child is spawned once and its end told once, and nobody outlives a parent."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from engine.commands import ChildEnded
from engine.events import ChildEvent, ChildExecutionCompleted, ChildExecutionFailed, ChildExecutionSpawned
from engine.status import ExecutionStatus
from tests.engine.family import Family, Member
from tests.engine.log_rules import check_log
from tests.engine.running import Document
from tests.engine.scopes import Map


def check_family(family: Family, document: Document) -> None:
    """Check all rules for all members."""
    for member in family.members.values():
        check_log(member, own_part(family, member, document))
        check_children(member)
        check_result(member)
    assert family.spawned == len(family.members) - 1


def own_part(family: Family, member: Member, document: Document) -> Mapping[str, Any]:
    """The part of its document that a member runs."""
    spawn = member.spawn
    if spawn and spawn.flow:
        return family.flows[spawn.flow.flow_id]
    if member.state.setup.external_events:
        return {**document, "nodes": [], "edges": []}
    return Map(document).part(spawn.event.name if spawn and spawn.event else None)


def check_children(member: Member) -> None:
    """The log tells of each child that there is: first that it was spawned, later how it ended."""
    told = [event for event in member.events if isinstance(event, ChildEvent)]
    spawned = [event.child_execution_id for event in told if isinstance(event, ChildExecutionSpawned)]
    ended = [event.child_execution_id for event in told if not isinstance(event, ChildExecutionSpawned)]
    assert spawned == [child.id for child in member.children]
    assert max(Counter(ended).values(), default=1) == 1
    if member.status is ExecutionStatus.COMPLETED:
        assert set(ended) == set(spawned)
    for child in member.children:
        places = [number for number, event in enumerate(told) if event.child_execution_id == child.id]
        assert isinstance(told[places[0]], ChildExecutionSpawned)
        assert all(_tells_end(told[place], child) for place in places[1:])
        assert child.has_ended


def _tells_end(event: ChildEvent, child: Member) -> bool:
    if isinstance(event, ChildExecutionCompleted):
        return child.status is ExecutionStatus.COMPLETED and event.outputs == child.state.outputs
    return isinstance(event, ChildExecutionFailed) and child.status is not ExecutionStatus.COMPLETED


def check_result(member: Member) -> None:
    """Whoever has ended has read its mail, and left no word of its children behind."""
    assert member.ledger.applied == len(member.ledger.mailbox)
    if member.status is ExecutionStatus.COMPLETED:
        assert not any(isinstance(word, ChildEnded) for word in member.log.inbox.values())


def shape(member: Member) -> Any:
    """What became of a member and all below it, in words that do not depend on ids, times or the order of ends."""
    event = member.state.setup.event
    return (
        member.spawn.spawned_by if member.spawn else None,
        event and (event.name, event.payload.wire),
        sorted(member.inputs.items(), key=repr),
        member.status,
        member.outputs,
        sorted(member.statuses.items()),
        sorted((shape(child) for child in member.children), key=repr),
    )
