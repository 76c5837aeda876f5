"""Appending to the logs of executions: the one way in which events are written."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from uuid import UUID

import orjson

from engine.capability import PLAIN_LOG_FORMAT
from engine.values import Payload
from storage.inbox import InboxKind
from storage.pool import Connection
from storage.queries import load

QUERIES = load("append")


class Outcome(StrEnum):
    """What became of a member of a batch; the statement's own comment says when each is given."""

    COMMITTED = "committed"
    LOST = "lost"
    INTERRUPTED = "interrupted"
    BUSY = "busy"
    OVER_BUDGET = "over_budget"


@dataclass(slots=True)
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
class Child:
    """An execution that its parent's append creates, with the JSON of its columns; `spawn_key` is the parent's own.

    `inputs` and `port_values` are None for the parent's, which may be large and need not travel once more. It is
    started already, and paused as well if it `is_born_paused`. Owner, root and priority are its parent's.
    """

    id: str
    flow_id: str
    flow_version: int
    depth: int
    inputs: str | None
    port_values: str | None
    options: str
    integration: str | None
    external_events: str
    spawned_by: str | None
    spawn_key: str
    created_event: str
    log_format: int = PLAIN_LOG_FORMAT
    is_born_paused: bool = False

    @property
    def bytes(self) -> int:
        """About how much there is to send."""
        texts = (self.inputs, self.port_values, self.options, self.integration, self.external_events)
        return len(self.created_event) + sum(len(text) for text in texts if text)


@dataclass(frozen=True, slots=True)
class Member:
    """One execution's part of a batch; `status` is the execution's after it.

    `append_id` stays the same when the append is sent again, so that one whose answer was lost is not written twice.
    `consumed` is the last command that it acknowledges (0: none), `acknowledged` the last one that is so after it.

    `children` are created, if the root has no more than `child_limit` descendants then. `order` goes to all direct
    children that have not ended, with `order_body` as JSON; `report` (JSON) to the parent, if there is one. `read` are
    the letters of the inbox that it acts on.
    """

    execution_id: str
    token: UUID
    expected_index: int
    append_id: UUID
    status: str
    rows: Sequence[Row] = ()
    payloads: Sequence[Payload] = ()
    projection: Projection = UNCHANGED
    seen: int | None = None
    consumed: int = 0
    acknowledged: int = 0
    release: bool = False
    wake_at: int | None = None
    requeue: bool = False
    children: Sequence[Child] = ()
    child_limit: int = 0
    order: InboxKind | None = None
    order_body: str | None = None
    report: str | None = None
    read: Sequence[int] = ()

    @property
    def last_index(self) -> int:
        """The index of the log's last event after this append."""
        return self.expected_index + len(self.rows)

    @property
    def bytes(self) -> int:
        """About how much there is to send."""
        told = len(self.order_body or "") + len(self.report or "")
        return (
            sum(len(row.data) for row in self.rows)
            + sum(len(payload.text) for payload in self.payloads)
            + sum(child.bytes for child in self.children)
            + told
        )

    @property
    def is_family_matter(self) -> bool:
        """True if it has to do with other executions of its tree."""
        return bool(self.children or self.order or self.report or self.read)


async def append(connection: Connection, members: Sequence[Member]) -> dict[str, Outcome]:
    """Write a batch in one statement; gives the outcome by execution id.

    Raises ValueError if an execution is in it twice: the statement could not tell the one's rows from the other's.
    """
    if len({member.execution_id for member in members}) < len(members):
        raise ValueError("An execution is in the batch twice.")
    columns = [*_member_columns(members), *_event_columns(members), *_payload_columns(members)]
    if any(member.is_family_matter for member in members):
        verdicts = await connection.fetch(QUERIES["append_in_family"], *columns, *_family_columns(members))
    else:
        verdicts = await connection.fetch(QUERIES["append"], *columns)
    return {verdict["execution_id"]: Outcome(verdict["verdict"]) for verdict in verdicts}


def _member_columns(members: Sequence[Member]) -> list[list[object]]:
    rows = [
        (
            m.execution_id, m.token, m.expected_index, m.last_index, m.append_id, m.seen, m.consumed,
            max(m.consumed, m.acknowledged), m.status, m.projection.status, m.release, m.wake_at, m.requeue,
            m.projection.outputs, m.projection.error, m.projection.failed_node_count, m.projection.failure_count,
            m.projection.started_at, m.projection.completed_at,
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


def _family_columns(members: Sequence[Member]) -> list[object]:
    children = [{"parent_id": member.execution_id, **asdict(child)} for member in members for child in member.children]
    letters = [(member.execution_id, letter) for member in members for letter in member.read]
    return [
        [member.child_limit for member in members],
        [member.order for member in members],
        [member.order_body for member in members],
        [member.report for member in members],
        orjson.dumps(children).decode(),
        [execution_id for execution_id, _ in letters],
        [letter for _, letter in letters],
    ]
