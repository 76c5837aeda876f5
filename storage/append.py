"""Appending to the logs of executions: the one way in which events are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from engine.values import Payload
from storage.pool import Connection
from storage.queries import load

QUERIES = load("append")


class Outcome(StrEnum):
    """What became of a member of a batch; the statement's own comment says when each is given."""

    COMMITTED = "committed"
    LOST = "lost"
    INTERRUPTED = "interrupted"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Row:
    """One event as it is stored; `at` is milliseconds since 1970."""

    index: int
    type: str
    node_id: str | None
    at: int
    data: str


@dataclass(frozen=True, slots=True)
class Projection:
    """What an append changes in the execution's row; None leaves a column as it is. Times are ms since 1970."""

    status: str | None = None
    outputs: str | None = None
    error: str | None = None
    failed_node_count: int | None = None
    failure_count: int | None = None
    started_at: int | None = None
    completed_at: int | None = None


UNCHANGED = Projection()


@dataclass(frozen=True, slots=True)
class Member:
    """One execution's part of a batch.

    `append_id` stays the same when the append is sent again, so that one whose answer was lost is not written twice.
    """

    execution_id: str
    token: UUID
    expected_index: int
    append_id: UUID
    rows: Sequence[Row] = ()
    payloads: Sequence[Payload] = ()
    projection: Projection = UNCHANGED
    seen: int | None = None
    consumed: int = 0
    release: bool = False
    wake_at: int | None = None
    requeue: bool = False

    @property
    def last_index(self) -> int:
        """The index of the log's last event after this append."""
        return self.expected_index + len(self.rows)


async def append(connection: Connection, members: Sequence[Member]) -> dict[str, Outcome]:
    """Write a batch in one statement; gives the outcome by execution id.

    Raises ValueError if an execution is in it twice: the statement could not tell the one's rows from the other's.
    """
    if len({member.execution_id for member in members}) < len(members):
        raise ValueError("An execution is in the batch twice.")
    verdicts = await connection.fetch(
        QUERIES["append"], *_member_columns(members), *_event_columns(members), *_payload_columns(members)
    )
    return {verdict["execution_id"]: Outcome(verdict["verdict"]) for verdict in verdicts}


def _member_columns(members: Sequence[Member]) -> list[list[object]]:
    rows = [
        (
            m.execution_id, m.token, m.expected_index, m.last_index, m.append_id, m.seen, m.consumed,
            m.projection.status, m.release, m.wake_at, m.requeue, m.projection.outputs, m.projection.error,
            m.projection.failed_node_count, m.projection.failure_count, m.projection.started_at,
            m.projection.completed_at,
        )
        for m in members
    ]  # fmt: skip
    return [list(column) for column in zip(*rows, strict=True)]


def _event_columns(members: Sequence[Member]) -> list[list[object]]:
    rows = [(member.execution_id, row) for member in members for row in member.rows]
    return [
        [execution_id for execution_id, _ in rows],
        [row.index for _, row in rows],
        [row.type for _, row in rows],
        [row.node_id for _, row in rows],
        [row.at for _, row in rows],
        [row.data for _, row in rows],
    ]


def _payload_columns(members: Sequence[Member]) -> list[list[str]]:
    payloads = [(member.execution_id, payload) for member in members for payload in member.payloads]
    return [
        [execution_id for execution_id, _ in payloads],
        [payload.id for _, payload in payloads],
        [payload.text.decode() for _, payload in payloads],
    ]
