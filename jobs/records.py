"""Turning what a run appends into what the store keeps."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

import orjson

from engine.entry import Entry
from engine.events import Event, ExecutionRecovered, FlowCompleted, FlowFailed, FlowStarted, NodeEvent, TerminalEvent
from engine.ledger import Append
from engine.values import Payload, Value
from storage.append import UNCHANGED, Member, Projection, Row


def member(
    execution_id: str, token: UUID, append: Append, *, first_index: int, acknowledged: int, stored: set[str]
) -> Member:
    """Encode an append.

    `acknowledged` is the last command that the log has acknowledged before, perhaps in another run, which knows nothing
    of it; `stored` are the payloads that the store has already, which need not go again.
    """
    projection = _projection(append.entries)
    return Member(
        execution_id=execution_id,
        token=token,
        expected_index=first_index - 1,
        append_id=uuid4(),
        rows=[_row(entry) for entry in append.entries],
        payloads=_new_payloads(append.entries, stored),
        projection=projection,
        seen=None if append.seen is None else max(append.seen, acknowledged),
        consumed=max(append.consumed, acknowledged) if projection.status else append.consumed,
        release=append.release,
        wake_at=append.wake_at,
        requeue=append.requeue,
    )


def _row(entry: Entry) -> Row:
    event = entry.event
    node_id = event.node_id if isinstance(event, NodeEvent) else None
    return Row(entry.index, event.kind, node_id, entry.at, event.encode().decode())


def _new_payloads(entries: Iterable[Entry], stored: set[str]) -> list[Payload]:
    found = {payload.id: payload for entry in entries for payload in entry.event.payloads()}
    return [payload for payload in found.values() if payload.id not in stored]


def _projection(entries: Sequence[Entry]) -> Projection:
    changes = [entry for entry in entries if entry.event.enters or isinstance(entry.event, ExecutionRecovered)]
    if not changes:
        return UNCHANGED
    started = next((entry.at for entry in changes if isinstance(entry.event, FlowStarted)), None)
    recovered = [entry.event for entry in changes if isinstance(entry.event, ExecutionRecovered)]
    last = changes[-1]
    return Projection(
        status=next((entry.event.enters for entry in reversed(changes) if entry.event.enters), None),
        outputs=_outputs(last.event),
        error=_error(last.event),
        failed_node_count=last.event.failed_node_count if isinstance(last.event, FlowCompleted) else None,
        failure_count=recovered[-1].failure_count if recovered else None,
        started_at=started,
        completed_at=last.at if isinstance(last.event, TerminalEvent) else None,
    )


def _outputs(event: Event) -> str | None:
    if not isinstance(event, FlowCompleted):
        return None
    return orjson.dumps(event.outputs, default=_fragment).decode()


def _error(event: Event) -> str | None:
    return event.error.model_dump_json(by_alias=True) if isinstance(event, FlowFailed) else None


def _fragment(value: Value) -> orjson.Fragment:
    return orjson.Fragment(value.wire)
