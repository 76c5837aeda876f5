"""Migrations: in order, once, whole, and never silently different from their files."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from engine.errors import ServiceUnavailable
from storage.migrate import LOCK, ChangedMigration, MigrationError, NewerDatabase, load, migrate, standing
from tests.eventually import eventually
from tests.ports import free_port


@pytest.fixture
async def connection(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connected = await asyncpg.connect(empty_database_url)
    yield connected
    await connected.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0002_second.sql").write_text("INSERT INTO steps VALUES (2);")
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE steps (n int); INSERT INTO steps VALUES (1);")
    return tmp_path


async def steps(connection: asyncpg.Connection) -> list[int]:
    return [row["n"] for row in await connection.fetch("SELECT n FROM steps")]


async def test_migrations_are_applied_in_the_order_of_their_numbers_and_only_once(
    empty_database_url: str, connection: asyncpg.Connection, folder: Path
) -> None:
    assert await migrate(empty_database_url, folder) == ["0001_first", "0002_second"]
    assert await migrate(empty_database_url, folder) == []
    assert await steps(connection) == [1, 2]


async def test_a_migration_that_is_added_later_is_applied_alone(
    empty_database_url: str, connection: asyncpg.Connection, folder: Path
) -> None:
    await migrate(empty_database_url, folder)
    (folder / "0003_third.sql").write_text("INSERT INTO steps VALUES (3);")
    assert (await standing(connection, folder)).missing == ["0003_third"]
    assert await migrate(empty_database_url, folder) == ["0003_third"]
    assert (await standing(connection, folder)).missing == []


async def test_everything_is_pending_in_an_empty_database(connection: asyncpg.Connection, folder: Path) -> None:
    assert (await standing(connection, folder)).missing == ["0001_first", "0002_second"]


async def test_an_edited_migration_is_named_and_nothing_is_applied(
    empty_database_url: str, connection: asyncpg.Connection, folder: Path
) -> None:
    await migrate(empty_database_url, folder)
    (folder / "0002_second.sql").write_text("INSERT INTO steps VALUES (22);")
    (folder / "0003_third.sql").write_text("INSERT INTO steps VALUES (3);")
    with pytest.raises(ChangedMigration, match=r"^0002_second\.sql was edited"):
        await migrate(empty_database_url, folder)
    assert await steps(connection) == [1, 2]


async def test_a_database_of_a_later_version_is_refused_with_its_migration(
    empty_database_url: str, folder: Path
) -> None:
    later = folder / "0003_third.sql"
    later.write_text("SELECT 1;")
    await migrate(empty_database_url, folder)
    later.unlink()
    with pytest.raises(NewerDatabase, match="0003_third"):
        await migrate(empty_database_url, folder)


async def test_a_number_below_an_applied_one_is_refused(empty_database_url: str, folder: Path) -> None:
    (folder / "0002_second.sql").rename(folder / "0005_fifth.sql")
    await migrate(empty_database_url, folder)
    (folder / "0004_late.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="0004_late comes before"):
        await migrate(empty_database_url, folder)


async def test_a_failing_migration_keeps_those_before_it_and_nothing_of_its_own(
    empty_database_url: str, connection: asyncpg.Connection, folder: Path
) -> None:
    (folder / "0003_third.sql").write_text("INSERT INTO steps VALUES (3); SELECT 1 / 0;")
    with pytest.raises(MigrationError, match=r"0003_third\.sql failed.*division by zero"):
        await migrate(empty_database_url, folder)
    assert await steps(connection) == [1, 2]
    assert (await standing(connection, folder)).missing == ["0003_third"]


async def test_two_migrators_at_once_apply_each_migration_once(
    empty_database_url: str, connection: asyncpg.Connection, folder: Path
) -> None:
    # Both are held at the lock first, so that they really meet. The lock is the session's: inside of a
    # transaction, pg_stat_activity would stay as it was first read.
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    both = [asyncio.create_task(migrate(empty_database_url, folder)) for _ in range(2)]
    waiting = "SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
    await eventually(lambda: connection.fetchval(waiting))
    await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
    one, other = await asyncio.gather(*both)
    assert sorted(one + other) == ["0001_first", "0002_second"]
    assert await steps(connection) == [1, 2]


async def test_an_unreachable_database_is_told_with_its_place_but_not_its_password() -> None:
    port = free_port()
    with pytest.raises(ServiceUnavailable) as refused:
        await migrate(f"postgresql://someone:hidden@127.0.0.1:{port}/nowhere")
    message = refused.value.message
    assert f"127.0.0.1:{port}" in message
    assert "DATABASE_URL" in message
    assert "hidden" not in message
    assert "\n" not in message


@pytest.mark.parametrize("names", [["first.sql"], ["0001_one.sql", "0001_other.sql"]])
def test_a_file_without_a_number_of_its_own_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(MigrationError, match=names[-1].removesuffix(".sql")):
        load(tmp_path)
