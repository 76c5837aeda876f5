"""What the tests of workers take: a client, workers in this process and as processes, and the notes of effects.

Whatever a test does, the invariants must hold at its end.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from engine.registry import Registry
from jobs.worker import WorkerSettings
from storage.pool import open_pool
from tests.invariants import check_invariants
from tests.jobs.client import Client
from tests.jobs.nodes import REGISTRY, Notes
from tests.jobs.worker_entry import alone_command
from tests.jobs.workers import LocalWorker, WorkerProcess, start_process

LEASE = 2.5
"""Seconds, where workers are lost and others wait for that."""

PATIENT_LEASE = 10.0
"""Seconds, where nobody is lost: a worker that is only slow must not be taken for it."""

WARM = 0.3
OVERDUE_SECONDS = 10.0
"""After this long a worker counts a rescue, which a lost ring is and a slow machine is not."""

NewWorker = Callable[..., Awaitable[LocalWorker]]
NewProcess = Callable[..., Awaitable[WorkerProcess]]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the test itself; at its end the tables are examined."""
    opened = await open_pool(database_url, name="test")
    yield opened
    async with opened.acquire() as connection:
        await check_invariants(connection)
    await opened.close()


@pytest.fixture
async def client(pool: asyncpg.Pool, redis_url: str) -> AsyncIterator[Client]:
    """A client that rings and notifies."""
    async with Client(pool, redis_url) as opened:
        yield opened


@pytest.fixture
def settings(request: pytest.FixtureRequest, database_url: str, redis_url: str) -> Callable[..., WorkerSettings]:
    """Settings of a worker on the test's servers, with a short lease where there are processes to kill."""
    lease = LEASE if "new_process" in request.fixturenames else PATIENT_LEASE

    def make(**changes: Any) -> WorkerSettings:
        plain: dict[str, Any] = {
            "database_url": database_url,
            "redis_url": redis_url,
            "concurrency": 64,
            "lease": lease,
            "warm_seconds": WARM,
        }
        made = WorkerSettings(**{**plain, **changes})
        return replace(made, isolated_command=alone_command(made))

    return make


@pytest.fixture
async def new_worker(
    pool: asyncpg.Pool, settings: Callable[..., WorkerSettings], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[NewWorker]:
    """Starts a worker in this process; stopped at the end of the test, if it still runs."""
    monkeypatch.setattr("jobs.sweeper.OVERDUE_SECONDS", OVERDUE_SECONDS)
    workers: list[LocalWorker] = []

    async def start(*, registry: Registry = REGISTRY, **changes: Any) -> LocalWorker:
        worker = LocalWorker(settings(**changes), registry)
        workers.append(worker)
        await worker.start()
        return worker

    yield start
    for worker in workers:
        if worker.task and not worker.task.done():
            await worker.stop()


@pytest.fixture
async def new_process(
    pool: asyncpg.Pool, settings: Callable[..., WorkerSettings], tmp_path: Path
) -> AsyncIterator[NewProcess]:
    """Starts a worker as a process; killed at the end of the test."""
    processes: list[WorkerProcess] = []
    numbers = count(1)

    async def start(**changes: Any) -> WorkerProcess:
        process = await start_process(settings(**changes), tmp_path / f"worker-{next(numbers)}.log")
        processes.append(process)
        return process

    yield start
    for process in processes:
        await process.end()


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    """What the effects of the test's nodes have written down."""
    return Notes(tmp_path / "notes")


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The file that witnesses wait for; `touch` it."""
    return tmp_path / "gate"
