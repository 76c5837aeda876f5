"""`tidegate worker --alone`: how a worker starts the process of an execution that is run apart from all others."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from engine.status import ExecutionCommand
from jobs.ticket import Ticket
from storage.claims import claim
from storage.commands import send_command
from storage.flows import create_flow
from storage.pool import open_pool
from tests.eventually import eventually
from tests.storage.seeds import create
from tests.tidegate.processes import ROOT, environment
from tidegate.worker import ALONE

WITHIN = 60.0


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database_url, name="test")
    yield opened
    await opened.close()


async def started(pool: asyncpg.Pool, node: dict[str, Any]) -> Ticket:
    """An execution of one node that was let go and that the worker "host" has claimed."""
    async with pool.acquire() as connection:
        document = {"tidegate": 1, "name": "One", "nodes": [node], "edges": []}
        flow = await create_flow(connection, owner_id="ada", name="One", description=None, document=document)
        row = await create(connection, flow)
        await send_command(connection, row.id, ExecutionCommand.START)
        [own] = await claim(connection, "host", 1)
    return Ticket("host-alone-1", own.execution_id, own.token)


async def alone(ticket: Ticket, database_url: str, redis_url: str) -> asyncio.subprocess.Process:
    """The process, told of the ticket; the pipe stays open."""
    process = await asyncio.create_subprocess_exec(
        *ALONE,
        cwd=ROOT,
        env=environment(DATABASE_URL=database_url, REDIS_URL=redis_url),
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(ticket.line())
    await process.stdin.drain()
    return process


async def test_it_runs_the_execution_of_its_ticket_signs_off_and_ends(
    pool: asyncpg.Pool, database_url: str, redis_url: str
) -> None:
    ticket = await started(pool, {"id": "one", "type": "value.number", "inputs": {"value": 1}})
    process = await alone(ticket, database_url, redis_url)
    async with asyncio.timeout(WITHIN):
        assert await process.wait() == 0
    status = "select status from executions where id = $1"
    assert await pool.fetchval(status, ticket.execution_id) == "COMPLETED"
    assert await pool.fetchval("select count(*) from workers") == 0
    first = "select data::json ->> 'workerId' from execution_events where type = 'FLOW_STARTED'"
    assert await pool.fetchval(first) == ticket.worker_id


async def test_a_ticket_that_is_not_valid_any_more_is_no_work(
    pool: asyncpg.Pool, database_url: str, redis_url: str
) -> None:
    ticket = await started(pool, {"id": "one", "type": "value.number", "inputs": {"value": 1}})
    await pool.execute("update execution_heads set token = gen_random_uuid()")
    process = await alone(ticket, database_url, redis_url)
    async with asyncio.timeout(WITHIN):
        assert await process.wait() == 0
    assert await pool.fetchval("select status from executions") == "CREATED"
    assert await pool.fetchval("select count(*) from workers") == 0


async def test_it_gives_its_execution_back_when_standard_input_closes(
    pool: asyncpg.Pool, database_url: str, redis_url: str
) -> None:
    ticket = await started(pool, {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 900}})
    process = await alone(ticket, database_url, redis_url)
    assert process.stdin
    await eventually(lambda: pool.fetchval("select exists (select from workers)"), within=WITHIN)
    process.stdin.close()
    async with asyncio.timeout(WITHIN):
        assert await process.wait() == 0
    assert await pool.fetchval("select count(*) from workers") == 0
    kept = "select count(*) from execution_heads where worker_id = $1"
    assert await pool.fetchval(kept, ticket.worker_id) == 0
