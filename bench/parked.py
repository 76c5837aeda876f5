"""Executions that only wait: 100,000 of them must cost rows, not memory, and those that are due must go on at once.

One of each kind is really run until it is parked; the others are copies of its rows under ids of their own.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import psutil

from bench.client import Client
from bench.figures import Figure, rounded
from bench.flows import Document, awaiting, sleeping
from bench.stage import Stage, worker
from engine.entry import milliseconds, time_text
from engine.options import ExecutionOptions
from engine.status import ExecutionCommand

COUNT = 99_000
DUE = 1000
SETTLE_SECONDS = 5.0
COPY_SECONDS = 600.0
DUE_IN = timedelta(seconds=20)
DAY_MS = 86_400_000
MIB = 1024 * 1024

COLUMNS = """
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = 'executions'::regclass and attnum > 0 and not attisdropped and attgenerated = ''
"""
"""Those columns of an execution that are not worked out from others."""

COPY = """
with copies as materialized (
    select x as original, 'EX' || upper(lpad(to_hex($2::bigint + n), 16, '0')) as id
    from executions x, generate_series(1, $3::integer) n where x.id = $1
),
executions_made as (
    insert into executions ({columns})
    select {columns}
    from (
        select (jsonb_populate_record(original, jsonb_build_object('id', id, 'root_id', id))).* from copies
    ) as made
),
heads_made as (
    insert into execution_heads
    select (jsonb_populate_record(h, jsonb_build_object('execution_id', id))).*
    from copies, execution_heads h where h.execution_id = $1
),
mail_made as (
    insert into mailbox
    select id, seq, command, payload, accepted_at, applied from copies, mailbox b where b.execution_id = $1
),
timers_made as (
    insert into timers
    select id, coalesce($4::timestamptz, due_at) from copies, timers t where t.execution_id = $1
)
insert into execution_events
select id, index, type, node_id, timestamp,
    case when $5::text is null then data else regexp_replace(data, '"until":"[^"]*"', '"until":"' || $5 || '"') end
from copies, execution_events e where e.execution_id = $1
"""


async def measure(stage: Stage) -> None:
    """Print the worker's memory beside what it is when idle, and how long waking 1,000 takes."""
    async with worker(stage) as running, Client(stage) as client:
        sleeper = await _park(stage, client, sleeping(DAY_MS), "NODE_WAITING")
        waiter = await _park(stage, client, awaiting(), "NODE_WAITING")
        paused = await _park(stage, client, sleeping(DAY_MS), "NODE_WAITING", ExecutionCommand.PAUSE)
        await asyncio.sleep(SETTLE_SECONDS)
        idle = running.memory_info().rss
        for place, original in enumerate((sleeper, waiter, paused)):
            await _copy(stage, original, place * COUNT, COUNT // 3)
        due = datetime.now(UTC) + DUE_IN
        await _copy(stage, sleeper, 3 * COUNT, DUE, due)
        await stage.pool.execute("analyze", timeout=COPY_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
        _report_memory(running, idle, "parked_100000_worker_memory", "<= 50")
        await _wake(stage, due)
        _report_memory(running, idle, "parked_1000_woken_worker_memory", None)


async def _park(
    stage: Stage, client: Client, document: Document, kind: str, command: ExecutionCommand | None = None
) -> str:
    """Run an execution until it waits, and until no worker holds it any more; gives its id."""
    execution_id = await client.create(await client.flow(document), ExecutionOptions())
    await client.start(execution_id)
    seen = "select exists (select from execution_events where execution_id = $1 and type = $2)"
    await _until(lambda: stage.pool.fetchval(seen, execution_id, kind))
    if command:
        await client.send(execution_id, command)
        await _until(lambda: stage.pool.fetchval(seen, execution_id, "FLOW_DRAINED"))
    free = "select token is null from execution_heads where execution_id = $1"
    await _until(lambda: stage.pool.fetchval(free, execution_id))
    return execution_id


async def _copy(stage: Stage, original: str, first: int, count: int, due: datetime | None = None) -> None:
    until = None if due is None else time_text(milliseconds(due))
    columns = await stage.pool.fetchval(COLUMNS)
    await stage.pool.execute(COPY.format(columns=columns), original, first, count, due, until, timeout=COPY_SECONDS)


async def _wake(stage: Stage, due: datetime) -> None:
    """Wait for the time, and until all that was due has completed."""
    await asyncio.sleep(max((due - datetime.now(UTC)).total_seconds(), 0))
    began = time.perf_counter()
    done = "select count(*) = $1 from executions where status = 'COMPLETED'"
    await _until(lambda: stage.pool.fetchval(done, DUE))
    Figure("parked_1000_due_woken", rounded(time.perf_counter() - began), "s until completed", "<= 5").print()


def _report_memory(running: psutil.Process, idle: int, name: str, target: str | None) -> None:
    Figure(name, rounded((running.memory_info().rss - idle) / MIB), "MiB more", target).print()


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.02)
