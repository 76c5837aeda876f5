"""The points at which a process can be made to fail: around statements, nodes, rings and notifications.

A point around a statement is `before_`, `in_` (it is carried out, its answer is lost) or `after_` one of
STATEMENT_KINDS. The others are before_lease_check (the last one before an effect), before_effect, after_effect, ring
and notify (something is committed, and nobody was told).
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import jobs.claimer
import jobs.heartbeat
import jobs.journal
import jobs.schedules
import jobs.sweeper
import jobs.worker
from engine.attempt import Outcome
from engine.host import Host
from engine.node import AnyNode, Context
from jobs.dispatch import Doorbell
from jobs.ledger import DurableLedger
from storage.append import Member
from storage.notify import Notifier
from storage.pool import Connection
from tidegate.faults import Faults, UnknownFaultPoint

Statement = Callable[..., Coroutine[Any, Any, Any]]
KindsOf = Callable[..., Iterable[str]]


def _kinds_of_append(members: Sequence[Member]) -> set[str]:
    return {"append", *(kind for kind, is_kind in KINDS.items() if any(is_kind(member) for member in members))}


def _has_event(member: Member, *types: str) -> bool:
    return any(row.type in types for row in member.rows)


KINDS: Mapping[str, Callable[[Member], bool]] = {
    "consume": lambda member: member.consumed > 0,
    "signal": lambda member: _has_event(member, "SIGNAL_RECEIVED"),
    "spawn": lambda member: bool(member.children),
    "child_end": lambda member: _has_event(member, "CHILD_EXECUTION_COMPLETED", "CHILD_EXECUTION_FAILED"),
    "park": lambda member: member.release and not member.requeue and member.projection.completed_at is None,
    "hand_on": lambda member: member.requeue,
    "terminal": lambda member: member.projection.completed_at is not None,
}
"""What an append may be, besides an append."""

STATEMENTS: Sequence[tuple[ModuleType, str, KindsOf]] = (
    (jobs.journal, "append", _kinds_of_append),
    (jobs.claimer, "claim", lambda *rest: ("claim",)),
    (jobs.heartbeat, "beat", lambda *rest: ("beat",)),
    (jobs.schedules, "fire", lambda *rest: ("fire",)),
    (jobs.sweeper, "release_all", lambda *rest: ("steal",)),
    (jobs.worker, "release_all", lambda *rest: ("sign_off",)),
)
"""Where each statement is called, under which name, and what it is then."""

CALLS: Sequence[tuple[type, str, str]] = (
    (DurableLedger, "may_start_effects", "before_lease_check"),
    (Doorbell, "ring", "ring"),
    (Notifier, "notify", "notify"),
)
"""The methods that await nothing, each with its point."""

PLACES = ("before", "in", "after")
STATEMENT_KINDS = ("append", *KINDS, "claim", "beat", "fire", "steal", "sign_off")
POINTS = frozenset(
    {f"{place}_{kind}" for place in PLACES for kind in STATEMENT_KINDS}
    | {"before_lease_check", "before_effect", "after_effect", "ring", "notify"}
)


def arm(faults: Faults) -> None:
    """Put a plan into this process, before anything runs in it; raises `UnknownFaultPoint`."""
    if unknown := faults.points - POINTS:
        raise UnknownFaultPoint(f"There is no fault point {sorted(unknown)[0]}.")
    for module, name, kinds in STATEMENTS:
        setattr(module, name, _watched(getattr(module, name), kinds, faults))
    setattr(Host, "begin", _watched_effect(Host.begin, faults))  # noqa: B010
    for owner, name, point in CALLS:
        setattr(owner, name, _watched_call(getattr(owner, name), point, faults))


def _watched(statement: Statement, kinds_of: KindsOf, faults: Faults) -> Statement:
    async def watched(connection: Connection, *arguments: Any, **named: Any) -> Any:
        kinds = sorted(kinds_of(*arguments))
        for kind in kinds:
            await faults.reach(f"before_{kind}", connection)
        answer = statement(connection, *arguments, **named)
        for kind in kinds:
            answer = faults.reach_unanswered(f"in_{kind}", connection, answer)
        given = await answer
        # What found nothing to do is no passing.
        for kind in kinds if given else ():
            await faults.reach(f"after_{kind}", connection)
        return given

    return watched


def _watched_effect(begin: Callable[..., Awaitable[Outcome]], faults: Faults) -> Callable[..., Awaitable[Outcome]]:
    async def watched(attempt: Awaitable[Outcome]) -> Outcome:
        await faults.reach("before_effect")
        outcome = await attempt
        await faults.reach("after_effect")
        return outcome

    def begun(host: Host, node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context) -> Awaitable[Outcome]:
        attempt = begin(host, node_type, inputs, context)
        return attempt if node_type.safe else watched(attempt)

    return begun


def _watched_call(call: Callable[..., Any], point: str, faults: Faults) -> Callable[..., Any]:
    def watched(*arguments: Any) -> Any:
        faults.reach_at_once(point)
        return call(*arguments)

    return watched
