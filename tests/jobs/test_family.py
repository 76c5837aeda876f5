"""Waking relatives: nothing that was told waits for a sweeper, and what is set aside does not come back at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from jobs.dispatch import QUEUE, connect
from jobs.family import Family
from storage.append import Outcome
from storage.flows import FlowRow, create_flow
from storage.notify import Notifier
from storage.pool import Connection
from storage.shards import COMMANDS
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import witness
from tests.jobs.nodes import Notes
from tests.jobs.observed import outcomes_of_appends
from tests.pauses import paused
from tests.storage.appends import AT, head, one
from tests.storage.families import family, is_queued, parking, reporting, taken

HELD_UP = """select pid, query_start from pg_stat_activity
    where datname = current_database() and wait_event = 'advisory' and query like '%relative%'"""


@pytest.fixture
async def connection(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as lent:
        yield lent


@pytest.fixture
async def flow(connection: Connection) -> FlowRow:
    return await create_flow(connection, owner_id="ada", name="Sum", description=None, document={"nodes": []})


async def is_over(pool: asyncpg.Pool, held_up: asyncpg.Record) -> None:
    """Wait until a wake that was held up is so no more."""

    async def is_gone() -> bool:
        return held_up not in await pool.fetch(HELD_UP)

    await eventually(is_gone)


def family_at(pool: asyncpg.Pool) -> Family:
    return Family(pool, Notifier(pool, COMMANDS))


async def test_a_wake_that_is_cut_off_by_the_end_of_the_worker_is_made_good(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    parent, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, parking(parent))
    report, relatives, ready = reporting(own), family_at(pool), []
    await one(connection, report)
    async with paused(database_url, "insert", "queue") as pause:
        relatives.start(lambda: ready.append(True))
        relatives.committed(report)
        await pause.reached()
        [cut_off] = await pool.fetch(HELD_UP)
        stopping = asyncio.create_task(relatives.stop())
        await is_over(pool, cut_off)
        await pause.end()
        await stopping
    assert await is_queued(pool, parent.execution_id)
    assert ready == [True]


async def test_what_was_told_while_an_execution_was_let_go_of_wakes_it(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    parent, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, reporting(own))
    park, relatives = parking(parent, wake_at=AT), family_at(pool)
    await one(connection, park)
    relatives.committed(park)
    await relatives.stop()
    assert await is_queued(pool, parent.execution_id)


async def test_what_is_set_aside_does_not_come_back_at_once_because_it_was_told_something(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    parent, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, reporting(own))
    aside, relatives = parking(parent, seen=None, wake_at=AT), family_at(pool)
    await one(connection, aside)
    relatives.committed(aside)
    await relatives.stop()
    assert not await is_queued(pool, parent.execution_id)


async def test_what_is_handed_on_is_urgent_if_it_was_told_something(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    parent, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, reporting(own))
    passed, relatives = parking(parent, seen=None, requeue=True), family_at(pool)
    await one(connection, passed)
    relatives.committed(passed)
    await relatives.stop()
    urgent = "select is_urgent from queue where execution_id = $1"
    assert await pool.fetchval(urgent, parent.execution_id) is True


async def test_a_worker_that_does_not_know_a_node_leaves_what_is_told_something_in_peace(
    client: Client, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while one version of the service replaces another: the letter stays, and nobody turns round it."""
    unknown = await client.create(await client.flow([{"id": "new", "type": "test.of_tomorrow"}]))
    await client.pool.execute("insert into inbox (execution_id, kind) values ($1, 'PAUSE')", unknown)
    outcomes = outcomes_of_appends(monkeypatch)
    worker = await new_worker()
    await eventually(lambda: outcomes)
    await worker.look(5)
    await worker.stop()
    assert outcomes == [Outcome.COMMITTED]
    assert await client.pool.fetchval("select count(*) from inbox where execution_id = $1", unknown) == 1
    await client.pool.execute("delete from inbox")


async def test_what_becomes_ready_with_the_last_words_of_a_worker_is_rung_for(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path, database_url: str, redis_url: str
) -> None:
    worker = await new_worker(warm_seconds=0.05)
    called = await client.flow([witness("slow", notes, gate)])
    parent = await client.run(await client.flow([{"id": "call", "type": "flow.call", "inputs": {"flowId": called}}]))
    await eventually(lambda: notes.nodes("began") == ["slow"])

    async def is_parked() -> bool:
        return (await head(client.pool, parent))["token"] is None

    await eventually(is_parked)
    redis = await connect(redis_url)
    async with paused(database_url, "insert", "queue") as pause:
        gate.touch()
        await pause.reached()
        [cut_off] = await client.pool.fetch(HELD_UP)
        leaving = client.in_background(worker.stop())
        await is_over(client.pool, cut_off)
        await redis.delete(QUEUE)
        await pause.end()
        await leaving
    assert await is_queued(client.pool, parent)
    assert await redis.zcard(QUEUE) == 1
    await redis.aclose(close_connection_pool=True)
    await new_worker()
    await client.ended(parent)
