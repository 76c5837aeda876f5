"""Embedded servers when processes die: nothing is left behind, and nothing that was committed is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from storage.embedded import DataDirectoryInUse, EmbeddedPostgres, EmbeddedValkey
from storage.embedded.orphans import working_in
from tests.eventually import eventually
from tests.storage.processes import all_gone, gone, servers_of, watchdogs_of

PARENT = Path(__file__).with_name("embedded_parent.py")
REPOSITORY = Path(__file__).parents[2]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Another Python process, with the repository on its path; killed at the end."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline().strip()
    assert line, "the process ended before it was ready"
    return line


@pytest.fixture
async def parent(server_folder: Path) -> AsyncIterator[subprocess.Popen[str]]:
    """Another process, which runs both servers on `server_folder` and has committed a row."""
    with running(str(PARENT), str(server_folder)) as process:
        first_line(process)
        yield process
    await end(server_folder)


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def working_on(folder: Path) -> list[psutil.Process]:
    return [
        *working_in("postgres", folder / "postgres" / "data"),
        *working_in("valkey-server", folder / "valkey"),
    ]


async def end(folder: Path) -> None:
    """Wait for the servers on `folder` to follow their parent; kill those that a failed test has orphaned."""
    try:
        await eventually(lambda: not working_on(folder))
    finally:
        for process in working_on(folder):
            process.kill()


async def kept(folder: Path) -> object:
    async with EmbeddedPostgres(folder) as server:
        connection = await asyncpg.connect(server.url)
        try:
            return await connection.fetchval("SELECT value FROM kept")
        finally:
            await connection.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_no_process_is_left_behind_when_the_parent_ends(
    parent: subprocess.Popen[str], server_folder: Path, number: signal.Signals
) -> None:
    # The parent too, which holds the folder until it has ended.
    processes = [psutil.Process(parent.pid), *family(parent)]
    assert [server.name() for server in servers_of(parent.pid)] == ["postgres", "valkey-server"]
    os.killpg(parent.pid, number)
    await eventually(lambda: all_gone(processes))
    assert await kept(server_folder) == 42


async def test_a_terminal_interrupt_reaches_the_parent_only(parent: subprocess.Popen[str]) -> None:
    for process in (*watchdogs_of(parent.pid), *servers_of(parent.pid)):
        assert os.getpgid(process.pid) != parent.pid


async def test_a_copy_of_the_parent_does_not_keep_the_servers_alive(server_folder: Path) -> None:
    # The fork holds the writing end of the watchdog's pipe, as a forked worker of ours would.
    script = (
        "import asyncio, os, signal, sys\n"
        "from storage.embedded import EmbeddedValkey\n"
        "asyncio.run(EmbeddedValkey(sys.argv[1]).start())\n"
        "copy = os.fork()\n"
        "if copy:\n"
        "    print(copy, flush=True)\n"
        "signal.pause()\n"
    )
    with running("-W", "ignore", "-c", script, str(server_folder)) as parent:
        copy = psutil.Process(int(first_line(parent)))
        try:
            (server,) = servers_of(parent.pid)
            parent.kill()
            await eventually(lambda: gone(server))
            assert not gone(copy)
        finally:
            copy.kill()


async def test_data_survives_when_everything_is_killed_at_once(
    parent: subprocess.Popen[str], server_folder: Path
) -> None:
    processes = [psutil.Process(parent.pid), *family(parent)]
    for act in (psutil.Process.suspend, psutil.Process.kill):
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                act(process)
    await eventually(lambda: all_gone(processes))
    assert (server_folder / "postgres" / "data" / "postmaster.pid").exists()
    assert await kept(server_folder) == 42


async def test_servers_without_parent_and_watchdog_are_ended_by_the_next_start(
    parent: subprocess.Popen[str], server_folder: Path
) -> None:
    orphans = servers_of(parent.pid)
    guardians = [*watchdogs_of(parent.pid), psutil.Process(parent.pid)]
    for process in guardians:
        process.kill()
    await eventually(lambda: all_gone(guardians))
    assert not any(gone(orphan) for orphan in orphans)
    async with EmbeddedValkey(server_folder):
        assert await kept(server_folder) == 42
    await eventually(lambda: all_gone(orphans))


async def test_a_killed_postgres_starts_again_on_the_same_data_and_address(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder) as server:
        before = server.url
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
        (postmaster,) = (
            process for process in servers_of() if process.cwd() == str(server_folder / "postgres" / "data")
        )
        postmaster.kill()
        await eventually(lambda: not server.running)
        connection.terminate()
        await server.start()
        assert server.url == before
        connection = await asyncpg.connect(server.url)
        assert await connection.fetchval("SELECT value FROM kept") == 42
        await connection.close()


async def test_a_living_twin_is_named_and_left_alone(parent: subprocess.Popen[str], server_folder: Path) -> None:
    for kind in (EmbeddedPostgres, EmbeddedValkey):
        with pytest.raises(DataDirectoryInUse, match=f"in use by process {parent.pid}"):
            await kind(server_folder).start()
    assert [server.name() for server in servers_of(parent.pid)] == ["postgres", "valkey-server"]
    assert parent.poll() is None
