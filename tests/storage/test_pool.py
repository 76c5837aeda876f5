"""Opening connections: the limits that they carry, and what is said when nobody answers."""

import asyncio

import asyncpg
import pytest

from engine.errors import ServiceUnavailable
from storage.pool import open_pool
from storage.transaction import transaction
from tests.eventually import eventually
from tests.ports import free_port


async def test_every_session_has_a_name_and_limits_on_what_may_hold_up_others(database_url: str) -> None:
    pool = await open_pool(database_url, name="tidegate api")
    expected = {
        "application_name": "tidegate api",
        "idle_in_transaction_session_timeout": "30s",
        "lock_timeout": "10s",
    }
    for setting, value in expected.items():
        assert await pool.fetchval("select current_setting($1)", setting) == value
    await pool.close()


async def test_a_server_that_does_not_answer_is_named_with_what_to_do_and_without_the_password() -> None:
    port = free_port()
    with pytest.raises(ServiceUnavailable) as refused:
        await open_pool(f"postgresql://me:canary@127.0.0.1:{port}/db", name="test")
    message = str(refused.value)
    assert f"127.0.0.1:{port}" in message
    assert "DATABASE_URL" in message
    assert "canary" not in message
    assert "\n" not in message


@pytest.mark.parametrize("url", ["mysql://localhost/db", "postgresql://localhost:port/db"])
async def test_an_address_that_makes_no_sense_is_unavailable_too(url: str) -> None:
    with pytest.raises(ServiceUnavailable):
        await open_pool(url, name="test")


async def test_a_missing_database_is_unavailable_at_its_address(database_url: str) -> None:
    with pytest.raises(ServiceUnavailable, match="does not exist"):
        await open_pool(f"{database_url}_missing", name="test")


async def test_patience_waits_for_a_server_that_comes_up_later(database_url: str, pool: asyncpg.Pool) -> None:
    name = "late_" + database_url.rsplit("/", 1)[1]
    late_url = database_url.rsplit("/", 1)[0] + f"/{name}"
    opening = asyncio.create_task(open_pool(late_url, name="test", patience=30))
    await asyncio.wait([opening], timeout=0.3)
    assert not opening.done()
    await pool.execute(f"create database {name}")
    late = await opening
    assert await late.fetchval("select current_database()") == name
    await late.close()
    await pool.execute(f"drop database {name} with (force)")


async def test_a_transaction_is_read_committed_and_commits_what_its_block_did(pool: asyncpg.Pool) -> None:
    async with transaction(pool) as connection:
        assert await connection.fetchval("show transaction_isolation") == "read committed"
        await connection.execute("create table kept (n int)")
    assert await pool.fetchval("select count(*) from kept") == 0


async def test_a_transaction_whose_block_raises_leaves_nothing(pool: asyncpg.Pool) -> None:
    async def fail() -> None:
        async with transaction(pool) as connection:
            await connection.execute("create table dropped (n int)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await pool.fetchval("select to_regclass('dropped')") is None


async def test_a_cancelled_transaction_gives_its_connection_back_with_nothing_open(pool: asyncpg.Pool) -> None:
    inside = asyncio.Event()

    async def wait_inside() -> None:
        async with transaction(pool) as connection:
            await connection.execute("create table dropped (n int)")
            inside.set()
            await connection.execute("select pg_sleep(60)")

    task = asyncio.create_task(wait_inside())
    await inside.wait()
    # Postgres forgets a cancellation that comes before the statement which it is meant for.
    sleeping = "select count(*) from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'"
    await eventually(lambda: pool.fetchval(sleeping))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: pool.get_idle_size() == pool.get_size())
    open_transactions = (
        "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
    )
    assert await pool.fetchval(open_transactions) == 0
    assert await pool.fetchval("select to_regclass('dropped')") is None
