"""Queries and mutations of schedules; whoever may see or operate a flow may see or manage its schedules."""

from typing import Annotated

import strawberry
from strawberry import ID

from engine.cron import Cron
from engine.interface import checked_inputs
from resolvers.context import Context, Info
from resolvers.flow_parts import allowed, found
from schema.arguments import After, First
from schema.paging import Connection, check_first, decode_cursor, encode_cursor, page
from schema.schedules import (
    CreateSchedulePayload,
    DeleteSchedulePayload,
    NewSchedule,
    PauseSchedulePayload,
    ResumeSchedulePayload,
    Schedule,
    ScheduleId,
)
from storage import schedules as store
from storage.access import Access
from storage.schedules import SCHEDULES, ScheduleRow
from storage.transaction import transaction

CURSOR = "schedule"

OfFlow = Annotated[ID | None, strawberry.argument(description="Only those of this flow.")]


async def schedules(info: Info, flow_id: OfFlow = None, first: First = 50, after: After = None) -> Connection[Schedule]:
    """The schedules of the flows that the viewer may see, newest first."""
    key = decode_cursor(after, CURSOR, str)
    limit = check_first(first) + 1
    rows = await _rows(info.context, flow_id, limit, key[0] if key else None)
    return page(rows, first, after, _show, lambda row: encode_cursor(CURSOR, row.id))


async def _rows(context: Context, flow_id: str | None, limit: int, after: str | None) -> list[ScheduleRow]:
    if flow_id is not None and await context.asks.flow(flow_id) is None:
        return []
    async with context.pool.acquire() as connection:
        if flow_id is not None:
            return await store.list_schedules_of_flow(connection, flow_id, limit, after)
        return await store.list_schedules(connection, context.viewer.reader, limit, after)


async def create_schedule(info: Info, input: NewSchedule) -> CreateSchedulePayload:
    """Have a flow run at certain times, for the first time at the next one."""
    context = info.context
    Cron.read(input.cron, input.time_zone)
    flow = await context.flow(input.flow_id, Access.OPERATE)
    version = await context.services.versions.get(flow.id, flow.latest_version)
    async with transaction(context.pool) as connection:
        row = await store.create_schedule(
            connection,
            flow_id=flow.id,
            owner_id=context.owner_of_new(flow),
            cron=input.cron,
            time_zone=input.time_zone,
            catch_up=input.catch_up,
            inputs=checked_inputs(version.document, input.inputs, "input.inputs"),
        )
    _tell(context)
    return CreateSchedulePayload(schedule=_show(row))


async def pause_schedule(info: Info, id: ScheduleId) -> PauseSchedulePayload:
    """Let a schedule not be due any more; times that pass until it is resumed are never made up for."""
    row = await seen_schedule(info.context, id, Access.OPERATE)
    async with transaction(info.context.pool) as connection:
        paused = await store.pause_schedule(connection, row.id)
    return PauseSchedulePayload(schedule=_show(found(paused, "schedule")))


async def resume_schedule(info: Info, id: ScheduleId) -> ResumeSchedulePayload:
    """Let a paused schedule be due again, next at the first of its times from now on."""
    row = await seen_schedule(info.context, id, Access.OPERATE)
    async with transaction(info.context.pool) as connection:
        resumed = await store.resume_schedule(connection, row)
    _tell(info.context)
    return ResumeSchedulePayload(schedule=_show(found(resumed, "schedule")))


async def delete_schedule(info: Info, id: ScheduleId) -> DeleteSchedulePayload:
    """Take a schedule out; the executions that it has made stay."""
    row = await seen_schedule(info.context, id, Access.OPERATE)
    async with transaction(info.context.pool) as connection:
        await store.delete_schedule(connection, row.id)
    return DeleteSchedulePayload(deleted_id=id)


async def seen_schedule(context: Context, id: str, need: Access = Access.SEE) -> ScheduleRow:
    """A schedule with whose flow the viewer may do what is needed; raises `NotFound` and `Forbidden`."""
    async with context.pool.acquire() as connection:
        row = (await store.schedules_by_id(connection, [id])).get(id)
    return await allowed(context, row, "schedule", need)


def _tell(context: Context) -> None:
    """Have the workers look when the next schedule is due."""
    context.services.commands.notify(SCHEDULES, 0)


def _show(row: ScheduleRow) -> Schedule:
    return Schedule(row=row)
