"""What a campaign plays on: servers of its own, two APIs and two workers that stay, and who joins them for a scene."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

import asyncpg
import psutil

from storage.embedded import EmbeddedPostgres, EmbeddedValkey
from storage.migrate import migrate
from storage.pool import open_pool
from storage.transaction import transaction
from tests.eventually import PATIENCE, eventually
from tests.faults.service import ApiProcess, ServiceProcess, WorkerProcess
from tests.ports import free_port

LEASE = 1.5
CONCURRENCY = 8

# What was committed survives the death of the server, but not of the machine, which no scenario brings about.
SERVER = {"fsync": "off", "full_page_writes": "off", "max_connections": "100"}

TABLES = """executions, execution_heads, execution_events, payloads, mailbox, queue, timers, inbox, child_budgets,
    tree_heads, tree_members, tree_log, labels, traces"""
"""What a scene leaves behind; flows are kept."""

OPEN_SECONDS = 35
"""A little more than Postgres lets a transaction be idle, by what `storage/pool.py` asks of it."""

CONNECTIONS = "select count(*) from pg_stat_activity where application_name like 'tidegate%'"
CONNECTIONS_EACH, FILES_EACH, BYTES_EACH = 12, 80, 500_000_000
"""What a process that nobody asks for anything has at most: its pools are full, and its subscribers gone."""


class Stage:
    """The running service; `postgres` and `valkey` may be stopped and started, `pool` is the campaign's own way in."""

    def __init__(self, folder: Path, postgres: EmbeddedPostgres, valkey: EmbeddedValkey, pool: asyncpg.Pool) -> None:
        self.folder = folder
        self.postgres = postgres
        self.valkey = valkey
        self.pool = pool
        self.apis: list[ApiProcess] = []
        self.workers: list[WorkerProcess] = []
        self._guests: list[ServiceProcess] = []
        self._numbers = count(1)

    @property
    def notes(self) -> Path:
        """The file that the effects of all nodes are noted in."""
        return self.folder / "notes"

    async def worker(self, **settings: str) -> WorkerProcess:
        """Start one more worker."""
        worker = WorkerProcess(f"worker-{next(self._numbers)}", self.folder, self._environment(settings))
        self._guests.append(worker)
        await worker.start()
        return worker

    async def api(self, **settings: str) -> ApiProcess:
        """Start one more API."""
        api = ApiProcess(f"api-{next(self._numbers)}", self.folder, self._environment(settings), free_port())
        self._guests.append(api)
        await api.start()
        return api

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        usual = {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "TIDEGATE_LEASE_SECONDS": str(LEASE),
            "TIDEGATE_WORKER_CONCURRENCY": str(CONCURRENCY),
        }
        return usual | settings

    async def set_up(self) -> None:
        """Bring APIs and workers back to two each, and let nobody else stay."""
        self.apis = [api for api in self.apis if api.is_running]
        self.workers = [worker for worker in self.workers if worker.is_running]
        guests = [guest for guest in self._guests if guest not in (*self.apis, *self.workers)]
        await asyncio.gather(*(guest.end() for guest in guests))
        missing_apis, missing_workers = 2 - len(self.apis), 2 - len(self.workers)
        self.apis += await asyncio.gather(*(self.api() for _ in range(missing_apis)))
        self.workers += await asyncio.gather(*(self.worker() for _ in range(missing_workers)))
        self._guests = [*self.apis, *self.workers]

    async def leftovers(self) -> list[str]:
        """I10: what is more than those who stay may have open, one line each, if it does not go away soon."""
        try:
            await eventually(self._is_tidy, within=PATIENCE)
        except AssertionError:
            return [f"I10: {line}" for line in await self._too_much()]
        return []

    async def _is_tidy(self) -> bool:
        return not await self._too_much()

    async def _too_much(self) -> list[str]:
        processes = [psutil.Process(process.pid) for process in (*self.apis, *self.workers)]
        known = {process.pid for process in processes}
        strangers = [each for each in psutil.Process().children() if "tests.faults.entry" in each.cmdline()]
        lines = [f"process {each.pid} was left behind" for each in strangers if each.pid not in known]
        connections = await self.pool.fetchval(CONNECTIONS)
        if connections > CONNECTIONS_EACH * len(processes):
            lines.append(f"{connections} connections for {len(processes)} processes")
        for process in processes:
            files, memory = process.num_fds(), process.memory_info().rss
            if files > FILES_EACH or memory > BYTES_EACH:
                lines.append(f"process {process.pid} has {files} files open and {memory} bytes in memory")
        return lines

    async def clear(self) -> None:
        """Forget all executions; a transaction that a fault left open may hold them for as long as Postgres lets it."""
        async with transaction(self.pool) as connection:
            await connection.execute(f"set local lock_timeout = '{OPEN_SECONDS}s'")
            await connection.execute(f"truncate {TABLES}", timeout=2 * OPEN_SECONDS)

    async def end(self) -> None:
        """End all processes."""
        await asyncio.gather(*(guest.end() for guest in self._guests))


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Start everything; end everything."""
    with _open_folder() as folder:
        async with EmbeddedPostgres(folder, SERVER) as postgres, EmbeddedValkey(folder) as valkey:
            await migrate(postgres.url)
            pool = await open_pool(postgres.url, name="campaign")
            opened = Stage(folder, postgres, valkey, pool)
            try:
                await opened.set_up()
                yield opened
            finally:
                await opened.end()
                pool.terminate()


@contextmanager
def _open_folder() -> Iterator[Path]:
    # Postgres may run under another account, which has to get in.
    folder = Path(tempfile.mkdtemp(prefix="tidegate-faults-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
