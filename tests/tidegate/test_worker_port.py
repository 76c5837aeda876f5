"""What a worker tells of itself over HTTP, and how it ends, as a real process under load."""

import asyncio
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from engine.status import ExecutionCommand
from jobs.dispatch import Doorbell
from storage.commands import send_command
from storage.flows import create_flow
from storage.pool import open_pool
from tests.eventually import eventually
from tests.ports import free_port
from tests.storage.seeds import create
from tests.tidegate.processes import COMMAND, ROOT, environment, tidegate

WITHIN = 60.0
OUT_SECONDS = 30.0
"""It ends by itself after less than half of that; the rest is for a machine that is busy."""
SUM = {"id": "sum", "type": "math.arithmetic", "inputs": {"operation": "add", "a": 1, "b": 2}}
NAP = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 900}}
FIGURES_OF_FIVE = (
    'tidegate_node_attempts_total{node_type="math.arithmetic",outcome="completed"} 5.0',
    'tidegate_node_seconds_count{node_type="math.arithmetic"} 5.0',
    'tidegate_executions_ended_total{status="completed"} 5.0',
    "tidegate_command_seconds_count 5.0",
    "tidegate_claim_wait_seconds_count 5.0",
    "tidegate_sweeper_rescues_total 0.0",
    "tidegate_worker_slots 64.0",
)


class PortWorker:
    """A `tidegate worker` with a port."""

    def __init__(self, process: Process, port: int, http: httpx.AsyncClient) -> None:
        self.process = process
        self.port = port
        self._http = http
        self.log: list[dict[str, Any]] = []

    async def status(self, path: str) -> int | None:
        try:
            return (await self._http.get(f"http://127.0.0.1:{self.port}{path}")).status_code
        except httpx.TransportError:
            return None

    async def text(self, path: str) -> str:
        return (await self._http.get(f"http://127.0.0.1:{self.port}{path}")).text

    async def tells_of_five(self) -> bool:
        """Whether its figures are those of five executions without any trouble."""
        text = await self.text("/metrics")
        return all(line in text for line in FIGURES_OF_FIVE)

    async def end(self) -> int:
        """Send it SIGTERM; gives its exit code, and reads its log."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(OUT_SECONDS):
            code = await self.process.wait()
        assert self.process.stderr
        self.log = [orjson.loads(line) for line in (await self.process.stderr.read()).splitlines()]
        return code


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database_url, name="test")
    yield opened
    await opened.close()


@pytest.fixture
async def worker(database_url: str, redis_url: str) -> AsyncIterator[PortWorker]:
    """A worker that is ready and logs lines of JSON."""
    port = free_port()
    variables = {"TIDEGATE_WORKER_PORT": str(port), "TIDEGATE_LOG_FORMAT": "json", "TIDEGATE_LOG_LEVEL": "debug"}
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "worker",
        cwd=ROOT,
        env=environment(DATABASE_URL=database_url, REDIS_URL=redis_url, **variables),
        stderr=PIPE,
    )
    async with httpx.AsyncClient() as http:
        running = PortWorker(process, port, http)

        async def is_ready() -> bool:
            return await running.status("/readyz") == 200

        await eventually(is_ready, within=WITHIN)
        yield running
    if process.returncode is None:
        process.kill()
        await process.wait()


async def let_go(pool: asyncpg.Pool, redis_url: str, node: dict[str, Any], count: int) -> None:
    """Start executions of one node, and ring for them."""
    async with pool.acquire() as connection:
        document = {"tidegate": 1, "name": "One", "nodes": [node], "edges": []}
        flow = await create_flow(connection, owner_id="ada", name="One", description=None, document=document)
        for _ in range(count):
            row = await create(connection, flow)
            await send_command(connection, row.id, ExecutionCommand.START)
    bell = Doorbell(redis_url)
    await bell.start()
    bell.ring()
    await bell.stop()


async def test_a_worker_tells_that_it_is_ready_and_what_it_has_done_and_ends_in_order_under_load(
    worker: PortWorker, pool: asyncpg.Pool, redis_url: str
) -> None:
    assert await worker.status("/healthz") == 200
    report = orjson.loads(await worker.text("/readyz"))
    assert report["status"] == "ready"
    assert set(report["checks"]) == {"database", "migrations", "beat"}

    await let_go(pool, redis_url, SUM, 5)
    completed = "select count(*) = 5 from executions where status = 'COMPLETED'"
    await eventually(lambda: pool.fetchval(completed), within=WITHIN)
    # What has ended in the database is counted when the worker hears of that.
    await eventually(worker.tells_of_five, within=WITHIN)

    await let_go(pool, redis_url, NAP, 100)
    await eventually(lambda: pool.fetchval("select count(*) > 10 from queue where worker_id is not null"))
    assert await worker.end() == 0
    assert await worker.status("/readyz") is None
    assert await pool.fetchval("select count(*) from execution_heads where token is not null") == 0
    assert await pool.fetchval("select count(*) from workers") == 0
    assert {"time", "level", "logger", "message", "worker_id"} <= set(worker.log[-1])


async def test_a_worker_whose_database_is_away_lives_but_is_not_ready(worker: PortWorker, pool: asyncpg.Pool) -> None:
    await pool.execute("alter table schema_migrations rename to gone")

    async def is_unready() -> bool:
        return await worker.status("/readyz") == 503

    await eventually(is_unready, within=WITHIN)
    assert await worker.status("/healthz") == 200


def test_a_port_that_is_taken_is_told_in_one_line(database_url: str, redis_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = tidegate("worker", DATABASE_URL=database_url, REDIS_URL=redis_url, TIDEGATE_WORKER_PORT=port)
    assert done.returncode == 1
    assert (
        done.stderr
        == f"tidegate: Port {port} on 127.0.0.1 is in use. Stop what listens there, or choose another port.\n"
    )
