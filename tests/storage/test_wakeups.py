"""Wake-ups: who is called for which notification."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from engine.ids import new_execution_id
from storage.listen import RESYNC
from storage.shards import COMMANDS, EVENTS, SHARDS, channel, shard_of
from storage.wakeups import Wakeups
from tests.eventually import eventually

EXECUTION, OTHER = new_execution_id(), new_execution_id()


@pytest.fixture
async def wakeups(database_url: str) -> AsyncIterator[Wakeups]:
    started = Wakeups(database_url, EVENTS)
    await started.start()
    yield started
    await started.stop()


async def say(pool: asyncpg.Pool, execution_id: str, message: str, topic: str = EVENTS) -> None:
    await pool.execute("select pg_notify($1, $2)", channel(topic, shard_of(execution_id)), message)


async def test_a_watcher_is_called_for_its_execution_only(wakeups: Wakeups, pool: asyncpg.Pool) -> None:
    heard: list[int | None] = []
    wakeups.watch(EXECUTION, heard.append)
    await say(pool, OTHER, f"{OTHER}:1")
    await say(pool, EXECUTION, f"{OTHER}:2 {EXECUTION}:3 {EXECUTION}:4")
    await eventually(lambda: heard == [3, 4])


async def test_the_other_topic_is_not_heard(wakeups: Wakeups, pool: asyncpg.Pool) -> None:
    heard: list[int | None] = []
    wakeups.watch(EXECUTION, heard.append)
    await say(pool, EXECUTION, f"{EXECUTION}:1", COMMANDS)
    await say(pool, EXECUTION, f"{EXECUTION}:2")
    await eventually(lambda: heard == [2])


async def test_who_no_longer_watches_is_not_called(wakeups: Wakeups, pool: asyncpg.Pool) -> None:
    gone: list[int | None] = []
    stays: list[int | None] = []
    for watcher in (gone.append, stays.append):
        wakeups.watch(EXECUTION, watcher)
    wakeups.unwatch(EXECUTION, gone.append)
    await say(pool, EXECUTION, f"{EXECUTION}:1")
    await eventually(lambda: stays == [1])
    assert gone == []
    wakeups.unwatch(EXECUTION, stays.append)
    assert wakeups.watched == 0


async def test_who_watches_all_hears_of_every_execution(wakeups: Wakeups, pool: asyncpg.Pool) -> None:
    heard: list[tuple[str | None, int | None]] = []
    wakeups.watch_all(lambda execution_id, index: heard.append((execution_id, index)))
    await say(pool, EXECUTION, f"{EXECUTION}:1")
    await say(pool, OTHER, f"{OTHER}:2")
    await eventually(lambda: sorted(heard) == sorted([(EXECUTION, 1), (OTHER, 2)]))


async def test_after_a_lost_connection_everybody_is_told_to_look(wakeups: Wakeups, pool: asyncpg.Pool) -> None:
    heard: dict[str, list[int | None]] = {new_execution_id(): [] for _ in range(30)}
    everything: list[tuple[Any, Any]] = []
    for execution_id, indices in heard.items():
        wakeups.watch(execution_id, indices.append)
    wakeups.watch_all(lambda *announced: everything.append(announced))
    await pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name like 'tidegate %' and datname = current_database()"
    )
    await eventually(lambda: all(indices == [None] for indices in heard.values()))
    await eventually(lambda: everything == [(None, None)] * SHARDS)


@pytest.mark.parametrize("nonsense", ["", ":", "no colon", f"{EXECUTION}:x", "é:1"], ids=range(5))
async def test_a_message_that_makes_no_sense_is_survived(wakeups: Wakeups, pool: asyncpg.Pool, nonsense: str) -> None:
    heard: list[int | None] = []
    wakeups.watch(EXECUTION, heard.append)
    await say(pool, EXECUTION, nonsense)
    await say(pool, EXECUTION, f"{EXECUTION}:1")
    await eventually(lambda: heard == [1])


async def test_a_watcher_that_fails_harms_no_other(
    wakeups: Wakeups, pool: asyncpg.Pool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(index: int | None) -> None:
        raise ZeroDivisionError

    heard: list[int | None] = []
    for watcher in (fail, heard.append):
        wakeups.watch(EXECUTION, watcher)
    await say(pool, EXECUTION, f"{EXECUTION}:1")
    await say(pool, EXECUTION, RESYNC)
    await eventually(lambda: heard == [1, None])
    assert "ZeroDivisionError" in caplog.text


async def test_a_watcher_may_stop_watching_while_it_is_called(wakeups: Wakeups, pool: asyncpg.Pool) -> None:
    heard: list[int | None] = []

    def once(index: int | None) -> None:
        wakeups.unwatch(EXECUTION, once)
        heard.append(index)

    wakeups.watch(EXECUTION, once)
    wakeups.watch(EXECUTION, heard.append)
    await say(pool, EXECUTION, f"{EXECUTION}:1 {EXECUTION}:2")
    await eventually(lambda: heard == [1, 1, 2])


async def test_no_task_is_left_after_a_start_that_was_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    before, connecting = asyncio.all_tasks(), asyncio.Event()

    async def connect(url: str, *, name: str) -> None:
        connecting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("storage.listen.connect", connect)
    starting = asyncio.create_task(Wakeups("postgresql://nowhere", EVENTS).start())
    await connecting.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await eventually(lambda: asyncio.all_tasks() == before)


async def test_no_task_is_left_after_stopping(database_url: str) -> None:
    before = asyncio.all_tasks()
    wakeups = Wakeups(database_url, EVENTS)
    await wakeups.start()
    await wakeups.stop()
    await eventually(lambda: asyncio.all_tasks() == before)
