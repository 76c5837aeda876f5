"""What the tests of repositories take: a pool and a connection on the test's own database, and a flow."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from storage.flows import FlowRow, create_flow
from storage.pool import Connection, open_pool


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
