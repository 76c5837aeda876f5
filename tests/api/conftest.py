"""A server for each test that asks for one, a client of it, and a worker."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from engine.nodes import BUILT_IN
from jobs.worker import Worker, WorkerSettings
from tests.api.callers import caller
from tests.api.client import Client
from tests.api.server import RunningServer, running_server
from tests.eventually import PATIENCE


@pytest.fixture
def server_options() -> dict[str, Any]:
    """What the server is started with; a file with other wishes has a fixture of this name."""
    return {}


@pytest.fixture
async def server(database_url: str, redis_url: str, server_options: dict[str, Any]) -> AsyncIterator[RunningServer]:
    """A running API without any worker."""
    async with running_server(database_url, redis_url, **server_options) as running:
        yield running


@pytest.fixture
async def ada(server: RunningServer) -> AsyncIterator[Client]:
    """A client with a token of her own, where the server wants tokens."""
    async with caller(server, "ada") as client:
        yield client


@pytest.fixture
async def eve(server: RunningServer) -> AsyncIterator[Client]:
    """Another user than Ada."""
    async with caller(server, "eve") as client:
        yield client


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        yield Client(server, http)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the server's database."""
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def worker(database_url: str, redis_url: str) -> AsyncIterator[None]:
    """A worker on the server's database, for as long as the test lasts."""
    settings = WorkerSettings(database_url=database_url, redis_url=redis_url)
    task = asyncio.create_task(Worker(settings, BUILT_IN).run())
    yield
    task.cancel()
    await asyncio.wait([task])
