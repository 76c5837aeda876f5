"""Schedules: what is made of a flow at its due times, and the step from one due time to the next."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from engine.catch_up import CatchUpPolicy, Turn
from engine.cron import Cron
from engine.errors import Conflict, NotFound
from engine.ids import new_id
from engine.values import encode
from storage.access import Reader
from storage.executions import ExecutionRow, NewExecution, create_execution
from storage.flows import AFTER_EVERY_ID
from storage.pool import Connection
from storage.queries import load

QUERIES = load("schedules")

SCHEDULES = "schedules"
"""What is announced, in place of an execution, on the topic of commands when a schedule was made or goes on."""

MOST_OF_OWNER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """A schedule; `inputs` are values by name, as they were given.

    `last_fire_at` is the due time that it has fired for last, `last_error` what was wrong at its last due time.
    """

    id: str
    flow_id: str
    owner_id: str
    cron: str
    time_zone: str
    catch_up: CatchUpPolicy
    inputs: Mapping[str, Any]
    created_at: datetime
    paused: bool
    next_fire_at: datetime | None
    last_fire_at: datetime | None
    last_execution_id: str | None
    last_error: str | None
    caught_up: int


@dataclass(frozen=True, slots=True)
class DueSchedule:
    """A schedule that is `due`, and its flow; `may_run` says whether its owner may run that."""

    row: ScheduleRow
    due: datetime
    now: datetime
    flow_name: str
    flow_version: int
    may_run: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn that was taken, and the execution that was made in it."""

    execution: ExecutionRow | None


async def database_time(connection: Connection) -> datetime:
    """The time by which schedules are due."""
    now: datetime = await connection.fetchval(QUERIES["now"])
    return now


async def create_schedule(
    connection: Connection,
    *,
    flow_id: str,
    owner_id: str,
    cron: str,
    time_zone: str,
    catch_up: CatchUpPolicy,
    inputs: Mapping[str, Any],
) -> ScheduleRow:
    """Make a schedule, in the caller's transaction, of an expression that can be read.

    Raises `NotFound` if the flow is gone, `Conflict` if the owner has too many, and `ValueRefused`.
    """
    await connection.execute(QUERIES["lock_owner"], owner_id)
    if await connection.fetchval(QUERIES["count_of_owner"], owner_id) >= MOST_OF_OWNER:
        raise Conflict(f"There may be {MOST_OF_OWNER} schedules of one owner; delete one first.")
    next_at = Cron.read(cron, time_zone).next_after(await database_time(connection))
    columns = (flow_id, owner_id, cron, time_zone, catch_up.value, encode(inputs).decode(), next_at)
    record = await connection.fetchrow(QUERIES["create_schedule"], new_id("SC"), *columns)
    if record is None:
        raise NotFound("There is no such flow.")
    return _schedule(record)


async def schedules_by_id(connection: Connection, ids: Iterable[str]) -> dict[str, ScheduleRow]:
    """The schedules among `ids` by id, whoever owns them."""
    return {record["id"]: _schedule(record) for record in await connection.fetch(QUERIES["schedules_by_id"], list(ids))}


async def list_schedules(connection: Connection, reader: Reader, limit: int, after: str | None) -> list[ScheduleRow]:
    """The schedules of the flows that the reader may see, newest first, from the one `after` an id on."""
    query = QUERIES["list_all_schedules" if reader.sees_all else "list_schedules"]
    records = await connection.fetch(query, reader.user_id, after or AFTER_EVERY_ID, limit)
    return [_schedule(record) for record in records]


async def list_schedules_of_flow(
    connection: Connection, flow_id: str, limit: int, after: str | None
) -> list[ScheduleRow]:
    """A flow's schedules, newest first, from the one `after` an id on."""
    records = await connection.fetch(QUERIES["list_schedules_of_flow"], flow_id, after or AFTER_EVERY_ID, limit)
    return [_schedule(record) for record in records]


async def pause_schedule(connection: Connection, schedule_id: str) -> ScheduleRow | None:
    """Let a schedule be due no more; None if it is gone."""
    record = await connection.fetchrow(QUERIES["pause_schedule"], schedule_id)
    return _schedule(record) if record else None


async def resume_schedule(connection: Connection, row: ScheduleRow) -> ScheduleRow | None:
    """Let a paused schedule be due again, from now on; None if it is gone."""
    next_at = Cron.read(row.cron, row.time_zone).next_after(await database_time(connection))
    record = await connection.fetchrow(QUERIES["resume_schedule"], row.id, next_at)
    return _schedule(record) if record else None


async def delete_schedule(connection: Connection, schedule_id: str) -> None:
    """Take a schedule out, if it is there."""
    await connection.execute(QUERIES["delete_schedule"], schedule_id)


async def due_schedules(connection: Connection, limit: int, but: Collection[str] = ()) -> list[DueSchedule]:
    """The schedules that are due, the longest due first, without those of some ids."""
    records = await connection.fetch(QUERIES["due_schedules"], limit, list(but))
    return [_due(dict(record)) for record in records]


async def seconds_to_next(connection: Connection, but: Collection[str] = ()) -> float | None:
    """In how many seconds the next schedule is due, without those of some ids; None if none ever is."""
    seconds: float | None = await connection.fetchval(QUERIES["seconds_to_next"], list(but))
    return seconds


async def fire(
    connection: Connection, due: DueSchedule, turn: Turn, new: NewExecution | None, error: str | None = None
) -> Taken | None:
    """Take a schedule's turn in the caller's transaction: make its execution, and step to its next due time.

    Nothing happens, and None is given, if somebody else has taken the turn or is at it.
    """
    if await connection.fetchval(QUERIES["lock_due"], due.row.id, due.due, due.flow_version) is None:
        return None
    made, created = await create_execution(connection, new) if new else (None, False)
    fired_for = turn.fires_for if made else None
    step = (turn.next_at, fired_for, made and made.id, error or turn.note, turn.caught_up)
    await connection.execute(QUERIES["step"], due.row.id, *step)
    return Taken(made if created else None)


async def note_trouble(connection: Connection, schedule_id: str, error: str) -> None:
    """Say in a schedule what keeps it from firing."""
    await connection.execute(QUERIES["note_trouble"], schedule_id, error)


def _schedule(record: asyncpg.Record | Mapping[str, Any]) -> ScheduleRow:
    columns = {name: record[name] for name in ScheduleRow.__slots__}
    return ScheduleRow(
        **{**columns, "catch_up": CatchUpPolicy(columns["catch_up"]), "inputs": orjson.loads(columns["inputs"])}
    )


def _due(columns: Mapping[str, Any]) -> DueSchedule:
    return DueSchedule(
        row=_schedule(columns),
        due=columns["next_fire_at"],
        now=columns["now"],
        flow_name=columns["flow_name"],
        flow_version=columns["latest_version"],
        may_run=columns["may_run"],
    )
