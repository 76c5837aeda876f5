"""Embedded servers: what they keep, whom they let in, and what they say when they cannot start."""

import importlib.util
import socket
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from storage.embedded import DataDirectoryInUse, EmbeddedPostgres, EmbeddedServerError, EmbeddedValkey
from storage.embedded import postgres as postgres_module
from storage.embedded.orphans import working_in
from tests.storage.processes import servers_of, watchdogs_of


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def ping(url: str) -> bool:
    async with Redis.from_url(url) as client:
        return bool(await client.ping())


async def test_rows_and_the_address_survive_a_stop_and_a_start(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder) as first:
        await value(first.url, "CREATE TABLE kept AS SELECT 42 AS value")
    async with EmbeddedPostgres(server_folder) as second:
        assert await value(second.url, "SELECT value FROM kept") == 42
    assert second.url == first.url


async def test_commits_are_on_the_disk_by_default(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder) as server:
        shown = [await value(server.url, f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    assert shown == ["on", "on"]


async def test_postgres_lets_nobody_in_without_the_password(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder) as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url, password="guess")


async def test_valkey_lets_nobody_in_without_the_password(server_folder: Path) -> None:
    async with EmbeddedValkey(server_folder) as server:
        assert await ping(server.url)
        with pytest.raises(AuthenticationError):
            await ping(f"redis://127.0.0.1:{urlsplit(server.url).port}/0")


async def test_no_process_shows_a_password_in_its_arguments(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder) as postgres, EmbeddedValkey(server_folder) as valkey:
        processes = [*watchdogs_of(), *servers_of()]
        arguments = " ".join(part for process in processes for part in process.cmdline())
    assert "valkey-server" in arguments
    for url in (postgres.url, valkey.url):
        assert str(urlsplit(url).password) not in arguments


async def test_a_port_that_was_taken_meanwhile_is_replaced(server_folder: Path) -> None:
    for kind in (EmbeddedPostgres, EmbeddedValkey):
        async with kind(server_folder) as first:
            port = urlsplit(first.url).port
        with socket.create_server(("127.0.0.1", port or 0)):
            async with kind(server_folder) as second:
                assert urlsplit(second.url).port != port
                assert second.running


async def test_a_second_server_on_the_same_data_is_refused_and_the_first_goes_on(server_folder: Path) -> None:
    me = str(psutil.Process().pid)
    for kind in (EmbeddedPostgres, EmbeddedValkey):
        async with kind(server_folder) as first:
            with pytest.raises(DataDirectoryInUse) as refused:
                await kind(server_folder).start()
            assert first.running
        for part in (str(server_folder), f"process {me}", "--data-dir"):
            assert part in refused.value.message


async def test_starting_and_stopping_twice_changes_nothing(server_folder: Path) -> None:
    server = EmbeddedValkey(server_folder)
    await server.start()
    (before,) = working_in("valkey-server", server_folder / "valkey")
    await server.start()
    assert working_in("valkey-server", server_folder / "valkey") == [before]
    await server.stop()
    await server.stop()
    assert not server.running


async def test_a_start_that_was_cut_short_is_done_over(server_folder: Path) -> None:
    draft = server_folder / "postgres" / "data.draft-old"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    async with EmbeddedPostgres(server_folder) as server:
        assert await value(server.url, "SELECT 1") == 1
    assert not draft.exists()


async def test_the_number_of_a_dead_server_that_a_stranger_has_now_does_no_harm(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder):
        pass
    (server_folder / "postgres" / "data" / "postmaster.pid").write_text(f"{psutil.Process().pid}\n")
    async with EmbeddedPostgres(server_folder) as server:
        assert await value(server.url, "SELECT 1") == 1


async def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    for kind in (EmbeddedPostgres, EmbeddedValkey):
        with pytest.raises(EmbeddedServerError) as refused:
            await kind(blocked / "data").start()
        message = refused.value.message
        assert str(blocked) in message
        assert "--data-dir" in message
        assert "\n" not in message


async def test_a_full_disk_at_the_first_start_is_told_in_one_line(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = "initdb: error: could not write file: No space left on device"
    program = server_folder / "initdb"
    program.write_text(f"#!/bin/sh\necho '{full}' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(postgres_module, "postgres_programs", lambda account: server_folder)
    with pytest.raises(EmbeddedServerError, match="No space left on device") as refused:
        await EmbeddedPostgres(server_folder).start()
    assert "\n" not in refused.value.message
    assert [path.name for path in (server_folder / "postgres").glob("data*")] == []


async def test_data_that_postgres_refuses_is_told_with_its_own_words(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder):
        pass
    (server_folder / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerError, match=r"FATAL.*incompatible with server") as refused:
        await EmbeddedPostgres(server_folder).start()
    assert "\n" not in refused.value.message


async def test_a_missing_wheel_is_told_with_what_to_do(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for kind, setting in ((EmbeddedPostgres, "DATABASE_URL"), (EmbeddedValkey, "REDIS_URL")):
        with pytest.raises(EmbeddedServerError, match=f"make install, or set {setting}"):
            await kind(server_folder).start()
