"""Sending notifications: coalesced, packed, and never in the way of who sends them."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from engine.ids import new_execution_id
from storage.notify import MAX_PAYLOAD, Notifier, messages
from storage.shards import EVENTS, channel, channels, shard_of
from tests.eventually import eventually


class Heard:
    """What came on all channels of a topic."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def hear(self, connection: object, pid: int, channel: str, payload: object) -> None:
        self.messages.append((channel, str(payload)))

    @property
    def pairs(self) -> list[str]:
        return [pair for _, payload in self.messages for pair in payload.split()]


@pytest.fixture
async def heard(database_url: str) -> AsyncIterator[Heard]:
    connection = await asyncpg.connect(database_url)
    hearing = Heard()
    for name in channels(EVENTS):
        await connection.add_listener(name, hearing.hear)
    yield hearing
    await connection.close()


def test_an_index_is_announced_on_the_channel_of_its_execution() -> None:
    execution_id = new_execution_id()
    assert list(messages(EVENTS, {execution_id: 7})) == [(channel(EVENTS, shard_of(execution_id)), f"{execution_id}:7")]


def test_many_executions_share_payloads_that_postgres_takes() -> None:
    indices = {new_execution_id(): number for number in range(10_000)}
    packed = list(messages(EVENTS, indices))
    assert len(packed) < 50
    assert max(len(payload.encode()) for _, payload in packed) <= MAX_PAYLOAD
    pairs = [pair for _, payload in packed for pair in payload.split(" ")]
    assert sorted(pairs) == sorted(f"{execution_id}:{index}" for execution_id, index in indices.items())


async def test_a_notification_goes_out_at_once(pool: asyncpg.Pool, heard: Heard) -> None:
    notifier = Notifier(pool, EVENTS)
    await notifier.start()
    notifier.notify("EX1", 5)
    await eventually(lambda: heard.pairs == ["EX1:5"])
    notifier.notify("EX1", 6)
    await eventually(lambda: heard.pairs == ["EX1:5", "EX1:6"])
    await notifier.stop()


async def test_what_gathers_goes_out_together_and_only_with_the_newest_index(pool: asyncpg.Pool, heard: Heard) -> None:
    notifier = Notifier(pool, EVENTS)
    for index in range(100):
        notifier.notify("EX1", index)
        notifier.notify("EX2", 99 - index)
    await notifier.start()
    await eventually(lambda: len(heard.pairs) >= 2)
    await notifier.stop()
    assert sorted(heard.pairs) == ["EX1:99", "EX2:99"]


async def test_stopping_sends_what_is_pending_and_gives_the_connection_back(pool: asyncpg.Pool, heard: Heard) -> None:
    before = asyncio.all_tasks()
    notifier = Notifier(pool, EVENTS)
    await notifier.start()
    notifier.notify("EX1", 1)
    await notifier.stop()
    await eventually(lambda: heard.pairs == ["EX1:1"])
    assert pool.get_idle_size() == pool.get_size()
    assert asyncio.all_tasks() == before


async def test_a_notifier_that_was_never_started_can_be_stopped(pool: asyncpg.Pool) -> None:
    notifier = Notifier(pool, EVENTS)
    notifier.notify("EX1", 1)
    await notifier.stop()


async def test_a_lost_connection_is_replaced_and_what_was_being_sent_is_sent_again(
    pool: asyncpg.Pool, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier(pool, EVENTS)
    await notifier.start()
    notifier.notify("EX1", 1)
    await eventually(lambda: heard.pairs == ["EX1:1"])
    async with pool.acquire() as killer:
        await killer.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'test' and pid <> pg_backend_pid()"
        )
    notifier.notify("EX1", 2)
    await eventually(lambda: heard.pairs == ["EX1:1", "EX1:2"])
    await notifier.stop()
    assert "Notifications are held back" in caplog.text


async def test_stopping_does_not_wait_for_a_database_that_is_gone(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.notify.FLUSH_SECONDS", 0.1)
    before = asyncio.all_tasks()
    notifier = Notifier(pool, EVENTS)
    await notifier.start()
    async with pool.acquire() as holder, holder.transaction():
        held = [await pool.acquire() for _ in range(pool.get_max_size() - 1)]
        notifier.notify("EX1", 1)
        await notifier.stop()
        for connection in held:
            await pool.release(connection)
    assert asyncio.all_tasks() == before
