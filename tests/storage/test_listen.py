"""Listening: nothing is lost between subscribers, and a lost connection is noticed, replaced and admitted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from broadcaster import Broadcast

from storage.listen import RESYNC, PostgresListener
from tests.eventually import PATIENCE, eventually
from tests.ports import free_port
from tests.storage.proxy import proxied

CHANNELS = ["first", "second"]
NAME = "listener under test"
BACKENDS = "select pid from pg_stat_activity where application_name = $1 and datname = current_database()"


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[PostgresListener]:
    listener = PostgresListener(url, CHANNELS, name=NAME)
    await listener.connect()
    yield listener
    await listener.disconnect()


async def heard(listener: PostgresListener, count: int) -> list[tuple[str, str]]:
    async with asyncio.timeout(PATIENCE):
        events = [await listener.next_published() for _ in range(count)]
    return [(event.channel, event.message) for event in events]


async def say(pool: asyncpg.Pool, channel: str, message: str) -> None:
    await pool.execute("select pg_notify($1, $2)", channel, message)


async def kill(pool: asyncpg.Pool) -> int:
    """Kill the listening backend; its process id."""
    pid: int = await pool.fetchval(BACKENDS, NAME)
    assert await pool.fetchval("select pg_terminate_backend($1, 5000)", pid)
    return pid


@pytest.fixture
async def listener(database_url: str) -> AsyncIterator[PostgresListener]:
    async with listening(database_url) as connected:
        assert await heard(connected, 2) == [(channel, RESYNC) for channel in CHANNELS]
        yield connected


async def test_every_channel_is_heard_from_the_moment_it_is_connected(
    listener: PostgresListener, pool: asyncpg.Pool
) -> None:
    await say(pool, "second", "a")
    await say(pool, "third", "nobody hears this")
    await say(pool, "first", "b")
    assert await heard(listener, 2) == [("second", "a"), ("first", "b")]


async def test_subscribing_and_unsubscribing_change_nothing(listener: PostgresListener, pool: asyncpg.Pool) -> None:
    await listener.subscribe("first")
    await listener.unsubscribe("first")
    await say(pool, "first", "still heard")
    assert await heard(listener, 1) == [("first", "still heard")]


async def test_subscribers_that_come_at_once_all_hear_everything(database_url: str, pool: asyncpg.Pool) -> None:
    broadcast = Broadcast(backend=PostgresListener(database_url, CHANNELS))
    ready: list[int] = []

    async def subscriber(number: int) -> list[str]:
        async with broadcast.subscribe("first") as subscription:
            ready.append(number)
            messages: list[str] = []
            while "last" not in messages:
                messages.append((await subscription.get()).message)
            return messages

    async with broadcast:
        subscribers = [asyncio.create_task(subscriber(number)) for number in range(50)]
        await eventually(lambda: len(ready) == 50)
        for message in ("one", "two", "last"):
            await say(pool, "first", message)
        for messages in await asyncio.gather(*subscribers):
            assert [message for message in messages if message != RESYNC] == ["one", "two", "last"]


async def test_a_killed_backend_is_replaced_and_every_channel_told_to_resync(
    database_url: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.listen.PING_SECONDS", 3_600)
    async with listening(database_url) as listener:
        await heard(listener, 2)
        for _ in range(3):
            killed = await kill(pool)
            assert await heard(listener, 2) == [(channel, RESYNC) for channel in CHANNELS]
            assert await pool.fetchval(BACKENDS, NAME) not in (None, killed)
            await say(pool, "second", "heard again")
            assert await heard(listener, 1) == [("second", "heard again")]


async def test_a_connection_that_falls_silent_is_given_up(
    database_url: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("storage.listen.PING_SECONDS", 0.1)
    monkeypatch.setattr("storage.listen.PING_TIMEOUT", 0.2)
    async with proxied(database_url) as proxy, listening(proxy.url) as listener:
        await heard(listener, 2)
        proxy.open.clear()
        await eventually(lambda: "connection is lost" in caplog.text)
        proxy.open.set()
        assert await heard(listener, 2) == [(channel, RESYNC) for channel in CHANNELS]
        await say(pool, "first", "heard again")
        await eventually(lambda: heard(listener, 1))


async def test_a_quiet_connection_is_kept(
    database_url: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.listen.PING_SECONDS", 0.01)
    pings = "select state_change from pg_stat_activity where application_name = $1 and query = 'select 1'"
    async with listening(database_url) as listener:
        await heard(listener, 2)
        pid = await pool.fetchval(BACKENDS, NAME)
        first = await eventually(lambda: pool.fetchval(pings, NAME))

        async def another_ping() -> bool:
            return bool(await pool.fetchval(pings, NAME) > first)

        await eventually(another_ping)
        assert await pool.fetchval(BACKENDS, NAME) == pid


async def test_a_server_that_is_not_there_at_first_is_found_later(
    database_url: str, pool: asyncpg.Pool, caplog: pytest.LogCaptureFixture
) -> None:
    name = "late_" + database_url.rsplit("/", 1)[1]
    late_url = database_url.rsplit("/", 1)[0] + f"/{name}"
    async with listening(late_url) as listener:
        assert "connection is lost" in caplog.text
        await pool.execute(f"create database {name}")
        assert await heard(listener, 2) == [(channel, RESYNC) for channel in CHANNELS]
    await pool.execute(f"drop database {name} with (force)")


async def test_nothing_is_left_behind_after_disconnecting(database_url: str, pool: asyncpg.Pool) -> None:
    before = asyncio.all_tasks()
    async with listening(database_url):
        assert await pool.fetchval(BACKENDS, NAME)
    assert asyncio.all_tasks() == before

    async def gone() -> bool:
        return await pool.fetchval(BACKENDS, NAME) is None

    await eventually(gone)


async def test_disconnecting_does_not_wait_for_a_server_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    before = asyncio.all_tasks()
    async with listening(f"postgresql://127.0.0.1:{free_port()}/nothing"):
        assert "connection is lost" in caplog.text
    assert asyncio.all_tasks() == before
