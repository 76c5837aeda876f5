"""What the tests of storage take: a pool and a connection on the test's own database, rows to begin with, followers."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from storage.flows import FlowRow, create_flow
from storage.pool import Connection, open_pool
from tests.storage.following import Following, Reads, following_on
from tests.storage.seeds import create
from tests.storage.watching import GrownTree, Watching, watching_on


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database_url, name="test")
    yield opened
    await opened.close()


@pytest.fixture
async def connection(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as lent:
        yield lent


@pytest.fixture
async def flow(connection: Connection) -> FlowRow:
    return await create_flow(connection, owner_id="ada", name="Sum", description=None, document={"nodes": []})


@pytest.fixture
async def execution(connection: Connection, flow: FlowRow) -> str:
    """An execution whose log has only its first event."""
    return (await create(connection, flow)).id


@pytest.fixture
async def following(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Following]:
    """All that follows logs, without a poll."""
    async with following_on(pool, database_url) as started:
        yield started


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """What is read from logs."""
    return Reads(monkeypatch)


@pytest.fixture
async def watching(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Watching]:
    """All that follows trees, without a poll."""
    async with watching_on(pool, database_url) as started:
        yield started


@pytest.fixture
async def tree(watching: Watching, connection: Connection, flow: FlowRow) -> GrownTree:
    return await watching.tree(connection, flow)
