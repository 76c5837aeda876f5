"""The servers and processes that a benchmark runs on, all of its own and all ended with it."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import psutil

from storage.embedded import EmbeddedPostgres, EmbeddedValkey
from storage.migrate import migrate
from storage.pool import open_pool

TIDEGATE = Path(sys.executable).with_name("tidegate")
READY_SECONDS = 30.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Real servers with a migrated database; `pool` is the benchmark's own way to it."""

    database_url: str
    redis_url: str
    pool: asyncpg.Pool

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the service needs to join."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Start Postgres (fsync on) and Valkey in a folder of their own."""
    with _open_folder() as folder:
        async with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
            await migrate(postgres.url)
            pool = await open_pool(postgres.url, name="bench", size=12)
            yield Stage(postgres.url, valkey.url, pool)
            await pool.close()


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A folder that the account of Postgres can enter."""
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@asynccontextmanager
async def running(*command: str, **settings: str) -> AsyncIterator[psutil.Process]:
    """Run a command until the block ends."""
    started = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **settings}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield psutil.Process(started.pid)
    finally:
        # A benchmark may have killed it.
        with suppress(ProcessLookupError):
            started.terminate()
        await asyncio.wait_for(started.wait(), STOP_SECONDS)


@asynccontextmanager
async def process(
    stage: Stage, *arguments: str, program: Sequence[str] = (str(TIDEGATE),), **settings: str
) -> AsyncIterator[psutil.Process]:
    """Run `tidegate …`, or another program that takes the same arguments, until the block ends."""
    async with running(*program, *arguments, **{**stage.environment, **settings}) as started:
        yield started


@asynccontextmanager
async def worker(stage: Stage, **settings: str) -> AsyncIterator[psutil.Process]:
    """Run one worker, and wait for its first beat."""
    async with process(stage, "worker", **settings) as started:
        await _until(lambda: _beats(stage, started.pid))
        yield started


@asynccontextmanager
async def api(stage: Stage, **settings: str) -> AsyncIterator[str]:
    """Run one API process; gives the address of its GraphQL endpoint."""
    async with serving(stage, **settings) as (url, _):
        yield url


@asynccontextmanager
async def serving(
    stage: Stage, program: Sequence[str] = (str(TIDEGATE),), **settings: str
) -> AsyncIterator[tuple[str, psutil.Process]]:
    """Run one API process; gives the address of its GraphQL endpoint, and the process."""
    port = free_port()
    async with process(stage, "serve", "--port", str(port), program=program, **settings) as started:
        await _until(lambda: _is_ready(port))
        yield f"http://127.0.0.1:{port}/graphql", started


async def _beats(stage: Stage, pid: int) -> bool:
    return bool(await stage.pool.fetchval("select exists (select from workers where pid = $1 and beat > 0)", pid))


async def _is_ready(port: int) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
        except httpx.TransportError:
            return False


async def answers(port: int) -> None:
    """Wait until something listens on a port."""
    await _until(lambda: _listens(port))


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while not await condition():
            await asyncio.sleep(0.05)


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
