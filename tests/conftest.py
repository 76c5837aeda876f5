"""The servers of a test session, and for each test its own database and its own Redis.

A test takes `database_url` (migrated), `empty_database_url` or `redis_url`; nothing of one test is seen by
another, unless its file takes `shared_database_url`. `server_folder` is for tests that start servers of their own.
"""

import gc
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import certifi
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from storage.embedded import EmbeddedPostgres, EmbeddedValkey
from storage.migrate import migrate
from tests.longest import longest_first
from tests.tidegate.processes import OWN_NODES, Dev, dev

# A shell that runs the tests in the background makes them, and all that they start, ignore SIGINT.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The shared server dies with the session, so nothing of it has to survive a crash.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
TEMPLATE = "template_migrated"
REDIS_DATABASES = itertools.cycle(range(16))
MEMORY = Path("/dev/shm")
ENOUGH_MEMORY = 4 * 1024**3


def _make_server_folder(parent: Path | None = None) -> Path:
    # pytest's own folders are closed to the account that Postgres runs under as root.
    folder = Path(tempfile.mkdtemp(prefix="tidegate-test-", dir=parent))
    folder.chmod(0o755)
    return folder


def _memory() -> Path | None:
    """Where files are in memory, which makes a database for a test in a third of the time; None if there is no room."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_MEMORY
    return MEMORY if has_room and os.access(MEMORY, os.W_OK) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=longest_first)


def pytest_collection_finish() -> None:
    # What was collected stays to the end: the collector need not go through it again and again.
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """To read all that the world trusts takes every HTTP client 20 ms; no test asks beyond this machine."""
    path = tmp_path_factory.mktemp("authorities") / "one.pem"
    first, end, _ = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
    path.write_text(first + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A data folder for servers that the test itself starts and stops."""
    folder = _make_server_folder()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    """The data folder of the session's servers."""
    folder = _make_server_folder(_memory())
    yield folder
    shutil.rmtree(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_url(session_folder: Path) -> AsyncIterator[str]:
    """The session's Postgres; tests take `database_url`."""
    async with EmbeddedPostgres(session_folder, HASTY) as server:
        yield server.url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def valkey_url(session_folder: Path) -> AsyncIterator[str]:
    """The session's Valkey; tests take `redis_url`."""
    async with EmbeddedValkey(session_folder) as server:
        yield server.url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def builder(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The connection that makes and drops the databases of tests."""
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_template(postgres_url: str, builder: asyncpg.Connection) -> str:
    """The name of a database with all migrations applied, to be cloned."""
    await builder.execute(f"CREATE DATABASE {TEMPLATE}")
    await migrate(_on(postgres_url, TEMPLATE))
    return TEMPLATE


@pytest_asyncio.fixture(loop_scope="session")
async def database_url(postgres_url: str, builder: asyncpg.Connection, migrated_template: str) -> AsyncIterator[str]:
    """A database of this test's own, with all migrations applied."""
    async with _database(builder, migrated_template) as name:
        yield _on(postgres_url, name)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_database_url(
    postgres_url: str, builder: asyncpg.Connection, migrated_template: str
) -> AsyncIterator[str]:
    """A database of all tests of a file, with all migrations applied."""
    async with _database(builder, migrated_template) as name:
        yield _on(postgres_url, name)


@pytest_asyncio.fixture(loop_scope="session")
async def empty_database_url(postgres_url: str, builder: asyncpg.Connection) -> AsyncIterator[str]:
    """A database of this test's own with nothing in it."""
    async with _database(builder, "template0") as name:
        yield _on(postgres_url, name)


@pytest.fixture(scope="session")
def service(session_folder: Path) -> Iterator[Dev]:
    """All that `tidegate dev` starts, with the example flows and a node type of others, for tests that only use it.

    Flows may call this machine.
    """
    with dev(session_folder / "service", TIDEGATE_NODES=OWN_NODES, TIDEGATE_HTTP_ALLOW="127.0.0.1") as running:
        yield running


@pytest.fixture
async def redis_url(valkey_url: str) -> str:
    """An empty Redis database of this test's own."""
    url = valkey_url.removesuffix("0") + str(next(REDIS_DATABASES))
    async with Redis.from_url(url) as client:
        await client.flushdb()
    return url


@asynccontextmanager
async def _database(builder: asyncpg.Connection, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    await builder.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield name
    await builder.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
