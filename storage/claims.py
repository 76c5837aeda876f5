"""Claims: who may append to an execution, and what is ready to be claimed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from engine.options import ExecutionOptions
from engine.status import ExecutionCommand, ExecutionStatus
from storage.inbox import InboxRow, inbox_row
from storage.pool import Connection
from storage.queries import load

QUERIES = load("claims")


@dataclass(frozen=True, slots=True)
class MailRow:
    """A command that is not applied yet, though it was accepted so many `seconds` before it was read."""

    seq: int
    command: ExecutionCommand
    payload: Any
    seconds: float


@dataclass(frozen=True, slots=True)
class Claim:
    """An execution that a worker owns from now on, with all that it needs to run it.

    `token` fences every append. `lost_worker_id` is the worker that it was taken from, and `lost_alone` how that died,
    if it ran nothing else and was seen to die. `now` is the database's time. `acknowledged` is the last command that
    the log has acknowledged, `mail` what came after it, `inbox` what its family has told it. `external_events` are
    `{"eventName", "payload"}`. `ready_seconds` is how long it was ready; None if it was taken over.
    """

    execution_id: str
    token: UUID
    last_index: int
    acknowledged: int
    lost_worker_id: str | None
    lost_alone: str | None
    owner_id: str
    flow_id: str
    flow_version: int
    log_format: int
    flow_name: str
    status: ExecutionStatus
    root_id: str
    parent_id: str | None
    depth: int
    created_at: datetime
    inputs: dict[str, Any]
    port_values: list[dict[str, Any]]
    options: ExecutionOptions
    integration: Any
    external_events: list[dict[str, Any]]
    runs_event: bool
    failure_count: int
    now: datetime
    mail: tuple[MailRow, ...]
    inbox: tuple[InboxRow, ...]
    ready_seconds: float | None


class Limits(NamedTuple):
    """How many executions of one owner, and of one flow, all workers together may hold; None: any number."""

    owner: int | None = None
    flow: int | None = None

    @property
    def are_set(self) -> bool:
        """Whether anything is limited."""
        return self.owner is not None or self.flow is not None


NO_LIMITS = Limits()


async def claim(connection: Connection, worker_id: str, limit: int, *, after_owner: str = "") -> list[Claim]:
    """Claim up to `limit` ready executions in the fair order, in which the owner after `after_owner` comes first."""
    rows = await connection.fetch(QUERIES["claim"], worker_id, limit, after_owner)
    return [_claim(row) for row in rows]


async def claim_within(
    connection: Connection, limits: Limits, worker_id: str, limit: int, *, after_owner: str = ""
) -> list[Claim]:
    """Claim as `claim` does, as far as limits allow that hold for all workers.

    Other claims within limits wait until the transaction ends that this is called in; raises ValueError outside of one.
    """
    if not connection.is_in_transaction():
        raise ValueError("Claims within limits need a transaction.")
    await connection.execute(QUERIES["exclude_other_claims"])
    return await _claim_within(connection, limits, worker_id, limit, after_owner)


async def claim_but_declined(
    connection: Connection, worker_id: str, limit: int, *, after_owner: str = ""
) -> list[Claim]:
    """Claim as `claim` does, but nothing that the worker has declined, which any other way of claiming heeds anyway."""
    return await _claim_within(connection, NO_LIMITS, worker_id, limit, after_owner)


async def _claim_within(
    connection: Connection, limits: Limits, worker_id: str, limit: int, after_owner: str
) -> list[Claim]:
    rows = await connection.fetch(QUERIES["claim_within_limits"], worker_id, limit, after_owner, *limits, worker_id)
    return [_claim(row) for row in rows]


async def claim_errands(connection: Connection, worker_id: str, limit: int) -> list[Claim]:
    """Claim up to `limit` executions that were told something, the oldest first; they are not to be run."""
    rows = await connection.fetch(QUERIES["claim_errands"], worker_id, limit)
    return [_claim(row) for row in rows]


async def take_over(connection: Connection, worker_id: str, execution_id: str, token: UUID) -> Claim | None:
    """Take a claim over from the worker that has this token, in a transaction; None if it is not valid any more."""
    if await connection.fetchval(QUERIES["take_over"], worker_id, execution_id, token) is None:
        return None
    # A second statement, because the mailbox must be read as it is now that the head is locked.
    return _claim(await connection.fetchrow(QUERIES["held"], execution_id))


def _claim(row: Any) -> Claim:
    mail = tuple(mail_row(letter) for letter in orjson.loads(row["letters"]))
    return Claim(
        execution_id=row["execution_id"],
        token=row["token"],
        last_index=row["last_index"],
        acknowledged=mail[0].seq - 1 if mail else row["mailbox_seq"],
        lost_worker_id=row["lost_worker_id"],
        lost_alone=row["lost_alone"],
        owner_id=row["owner_id"],
        flow_id=row["flow_id"],
        flow_version=row["flow_version"],
        log_format=row["log_format"],
        flow_name=row["flow_name"],
        status=ExecutionStatus(row["status"]),
        root_id=row["root_id"],
        parent_id=row["parent_id"],
        depth=row["depth"],
        created_at=row["created_at"],
        inputs=orjson.loads(row["inputs"]),
        port_values=orjson.loads(row["port_values"]),
        options=ExecutionOptions.model_validate_json(row["options"]),
        integration=None if row["integration"] is None else orjson.loads(row["integration"]),
        external_events=orjson.loads(row["external_events"]),
        runs_event=row["runs_event"],
        failure_count=row["failure_count"],
        now=row["now"],
        mail=mail,
        inbox=tuple(inbox_row(letter) for letter in orjson.loads(row["told"])),
        ready_seconds=row["ready_seconds"],
    )


def mail_row(row: Any) -> MailRow:
    """Read one row of the mailbox."""
    payload = None if row["payload"] is None else orjson.loads(row["payload"])
    return MailRow(row["seq"], ExecutionCommand(row["command"]), payload, row["seconds"])


async def is_overdue(connection: Connection, seconds: float) -> bool:
    """Whether something has been ready and unclaimed for longer than that."""
    return bool(await connection.fetchval(QUERIES["overdue"], seconds))


async def is_anything_waiting(connection: Connection) -> bool:
    """Whether something is ready and unclaimed."""
    return bool(await connection.fetchval(QUERIES["waiting"], 1))


class Waiting(NamedTuple):
    """An execution that is ready and unclaimed, and since when."""

    execution_id: str
    ready_at: datetime


async def next_within(
    connection: Connection, limits: Limits, worker_id: str, *, ready_for: float = 0.0
) -> Waiting | None:
    """The first execution that limits allow this worker to claim now, if it has been ready for so many seconds."""
    row = await connection.fetchrow(QUERIES["next_within_limits"], ready_for, 1, "", *limits, worker_id)
    return Waiting(**row) if row else None


class Due(NamedTuple):
    """How many parked executions were due, and how late the first of them was (None: none was)."""

    woken: int
    lag_seconds: float | None


async def wake_due(connection: Connection, limit: int) -> Due:
    """Queue up to `limit` parked executions whose time has come."""
    row = await connection.fetchrow(QUERIES["wake_due"], limit)
    assert row is not None
    return Due(**row)


async def seconds_to_next_due(connection: Connection) -> float | None:
    """How long until the next parked execution is due; None if none has a time."""
    seconds: float | None = await connection.fetchval(QUERIES["next_due"])
    return seconds


class Release(NamedTuple):
    """How many executions were freed, and how many were left because somebody held their heads just then."""

    freed: int
    left: int


async def release_all(
    connection: Connection, worker_id: str, *, lost: bool, keep: Sequence[str] = (), alone: str | None = None
) -> Release:
    """Give back what a worker holds, but not `keep`. `lost` if it did not do so itself.

    `alone` says how its process died, for one that ran a single execution and was seen to die.
    """
    row = await connection.fetchrow(QUERIES["release_all"], worker_id, lost, list(keep), alone)
    assert row is not None
    return Release(**row)


async def unapplied_mail(connection: Connection, execution_ids: Sequence[str]) -> dict[str, list[MailRow]]:
    """The commands of each execution that are not applied yet, in order."""
    mail: dict[str, list[MailRow]] = {execution_id: [] for execution_id in execution_ids}
    for row in await connection.fetch(load("commands")["unapplied"], list(execution_ids)):
        mail[row["execution_id"]].append(mail_row(row))
    return mail


async def with_mail(connection: Connection, execution_ids: Sequence[str]) -> list[str]:
    """Those of the executions that have commands to apply, or that their families have told something."""
    rows = await connection.fetch(load("commands")["with_mail"], list(execution_ids))
    return [row["execution_id"] for row in rows]
