"""Turning what a run appends into what the store keeps."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson

from engine.entry import Entry
from engine.event import Event
from engine.events import (
    EVENT_TYPES,
    ExecutionRecovered,
    FlowCancelled,
    FlowCompleted,
    FlowFailed,
    FlowPaused,
    FlowResumed,
    FlowStarted,
    TerminalEvent,
)
from engine.ledger import Append
from engine.records import ExecutionError
from engine.spawns import Spawn
from engine.status import ErrorCode, ExecutionStatus
from engine.values import PAYLOAD_MARK, Payload, Value
from storage.append import UNCHANGED, Child, Member, Projection, Row
from storage.claims import Claim
from storage.inbox import InboxKind
from storage.new_executions import NewExecution, child_of


class Writing:
    """How far one claim has written: each append of it becomes a member of a batch.

    `next_index` is that of the next event, `status` the execution's as the log has it, `acknowledged` the last command
    that it has acknowledged, `stored` the payloads, by id, that the store has already and that need not go again.
    """

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self.status = claim.status
        self.acknowledged = claim.acknowledged
        self.next_index = claim.last_index + 1
        self.stored: set[str] = set()

    def member(self, append: Append) -> Member:
        """Encode an append.

        What was acknowledged by the log before, perhaps in another run, is not asked for again.
        """
        turns = [entry for entry in append.entries if type(entry.event) in _PROJECTED]
        projection, rows = _projection(turns), [_row(entry) for entry in append.entries]
        status = ExecutionStatus(projection.status or self.status)
        spawned = [_child(self._claim, spawn, status) for spawn in append.spawns]
        return Member(
            execution_id=self._claim.execution_id,
            token=self._claim.token,
            expected_index=self.next_index - 1,
            append_id=uuid4(),
            rows=rows,
            payloads=self._new_payloads(append.entries, rows, [payload for _, own in spawned for payload in own]),
            projection=projection,
            status=status,
            seen=None if append.seen is None else max(append.seen, self.acknowledged),
            consumed=append.consumed,
            acknowledged=self.acknowledged,
            release=append.release,
            wake_at=append.wake_at,
            requeue=append.requeue,
            children=[child for child, _ in spawned],
            child_limit=self._claim.options.max_children,
            read=append.read,
            **_words(self._claim, turns),
        )

    def wrote(self, append: Append, member: Member) -> None:
        """Note that a member is in the log."""
        self.next_index += len(append.entries)
        self.acknowledged = max(self.acknowledged, append.consumed)
        self.status = ExecutionStatus(member.status)
        self.stored.update(payload.id for payload in member.payloads)

    def _new_payloads(self, entries: Iterable[Entry], rows: Iterable[Row], more: Iterable[Payload]) -> list[Payload]:
        large = [entry.event for entry, row in zip(entries, rows, strict=True) if PAYLOAD_MARK in row.data]
        own = [value.payload for event in large for value in event.values() if value.payload is not None]
        found = {payload.id: payload for payload in (*own, *more)}
        return [payload for payload in found.values() if payload.id not in self.stored]


def _row(entry: Entry) -> Row:
    event = entry.event
    return Row(entry.index, event.kind, getattr(event, "node_id", None), entry.at, entry.text)


_PROJECTED = frozenset({ExecutionRecovered, *(kind for kind in EVENT_TYPES.values() if kind.enters)})


def _projection(turns: Sequence[Entry]) -> Projection:
    """What those events that are told in the execution's row change there."""
    if not turns:
        return UNCHANGED
    started = next((entry.at for entry in turns if isinstance(entry.event, FlowStarted)), None)
    recovered = [entry.event for entry in turns if isinstance(entry.event, ExecutionRecovered)]
    last = turns[-1]
    return Projection(
        status=next((entry.event.enters for entry in reversed(turns) if entry.event.enters), None),
        outputs=_outputs(last.event),
        error=_error(last.event),
        failed_node_count=last.event.failed_node_count if isinstance(last.event, FlowCompleted) else None,
        failure_count=recovered[-1].failure_count if recovered else None,
        started_at=started,
        completed_at=last.at if isinstance(last.event, TerminalEvent) else None,
    )


def _outputs(event: Event) -> str | None:
    return _text(event.outputs) if isinstance(event, FlowCompleted) else None


def _error(event: Event) -> str | None:
    return event.error.model_dump_json(by_alias=True) if isinstance(event, FlowFailed) else None


# --- the family -------------------------------------------------------------------------------------------------------


def _child(claim: Claim, spawn: Spawn, status: ExecutionStatus) -> tuple[Child, Sequence[Payload]]:
    """A child as it is stored: what its spawn does not say it has from its parent."""
    flow, event = spawn.flow, spawn.event
    new = NewExecution(
        id=spawn.child_id,
        flow_id=flow.flow_id if flow else claim.flow_id,
        flow_version=flow.version if flow else claim.flow_version,
        flow_name=flow.name if flow else claim.flow_name,
        owner_id=claim.owner_id,
        inputs=spawn.inputs or {},
        port_values=[],
        options=claim.options.model_copy(update={"breakpoints": list(spawn.breakpoints)}),
        integration=claim.integration,
        external_events=[{"eventName": event.name, "payload": event.payload}] if event else [],
        priority=0,  # The store gives it its parent's.
        idempotency_key=None,
        request_digest=None,
        root_id=claim.root_id,
        parent_id=claim.execution_id,
        depth=claim.depth + 1,
    )
    is_paused = status is ExecutionStatus.PAUSED
    child, payloads = child_of(new, spawned_by=spawn.spawned_by, spawn_key=spawn.key, is_born_paused=is_paused)
    return (child if flow else replace(child, inputs=None, port_values=None)), payloads


def _words(claim: Claim, turns: Sequence[Entry]) -> dict[str, Any]:
    """What an append tells the children, and at the end the parent."""
    words: dict[str, Any] = {}
    turn = next((entry.event for entry in reversed(turns) if entry.event.enters), None)
    match turn:
        case FlowFailed() | FlowCancelled():
            words = {"order": InboxKind.STOP, "order_body": _text({"reason": _reason(turn)})}
        case FlowResumed():
            words = {"order": InboxKind.RESUME}
        case Event(enters=ExecutionStatus.PAUSED):
            reason = turn.reason if isinstance(turn, FlowPaused) else None
            words = {"order": InboxKind.PAUSE, "order_body": _text({"reason": reason})}
    if isinstance(turn, TerminalEvent) and claim.parent_id is not None:
        words["report"] = _report(claim.execution_id, turn)
    return words


def _reason(end: FlowFailed | FlowCancelled) -> str:
    if isinstance(end, FlowCancelled):
        return end.reason or "The parent execution was stopped."
    return "The parent execution failed."


def _report(execution_id: str, end: TerminalEvent) -> str:
    """What the parent is told of its child's end."""
    match end:
        case FlowCompleted():
            return _text({"childExecutionId": execution_id, "outputs": end.outputs})
        case FlowFailed():
            return _text({"childExecutionId": execution_id, "error": end.error})
        case _:
            reason = end.reason if isinstance(end, FlowCancelled) else None
            message = f"The execution was stopped: {reason}" if reason else "The execution was stopped."
            error = ExecutionError(code=ErrorCode.CANCELLED, message=message)
            return _text({"childExecutionId": execution_id, "error": error})


def _text(data: Any) -> str:
    return orjson.dumps(data, default=_part).decode()


def _part(part: Any) -> Any:
    return orjson.Fragment(part.wire) if isinstance(part, Value) else part.model_dump(mode="json", by_alias=True)
