"""A server for each test that asks for one, and a client of it."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.api.client import Client
from tests.api.server import RunningServer, running_server


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[RunningServer]:
    """A running API without any worker."""
    async with running_server(database_url, redis_url) as running:
        yield running


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(timeout=10) as http:
        yield Client(server, http)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the server's database."""
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()
