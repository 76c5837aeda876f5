"""Following logs while something goes wrong: whatever is lost, cut off or deleted is healed, or said."""

from collections.abc import Mapping

import asyncpg
import pytest

from engine.errors import Conflict, NotFound
from storage import tail
from storage.events import Page
from storage.follow import PAGE_ROWS
from storage.pool import Connection, open_pool
from tests.eventually import eventually
from tests.proxy import proxy
from tests.storage.following import Following, Reads, followed, following_on, taken
from tests.storage.seeds import grow


async def test_a_lost_notification_is_healed_by_the_poll(pool: asyncpg.Pool, database_url: str, execution: str) -> None:
    async with (
        following_on(pool, database_url, poll_seconds=0.05) as following,
        following.tailer.follow(execution, 0) as follower,
    ):
        await grow(pool, execution, 3)
        assert await taken(follower) == [0, 1, 2]
        await grow(pool, execution, 1, ended=True)
        assert await taken(follower) == [3]
        assert follower.ended


async def test_without_a_poll_a_lost_notification_would_stay_lost(
    following: Following, execution: str, reads: Reads
) -> None:
    async with following.tailer.follow(execution, 0) as follower:
        await eventually(lambda: reads.news)
        await grow(following.pool, execution, 3)
        assert await follower.take(timeout=0.3) == []


async def test_what_was_said_while_nobody_listened_is_read_after_the_reconnect(
    following: Following, execution: str
) -> None:
    async with following.tailer.follow(execution, 0) as follower:
        assert await follower.take(timeout=0) == []
        await grow(following.pool, execution, 3)
        killed = await following.pool.fetchval(
            "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity"
            " where application_name = 'tidegate tidegate_events' and datname = current_database()"
        )
        assert killed == 1
        assert await taken(follower) == [0, 1, 2]


async def cut_off(pool: asyncpg.Pool) -> int:
    """Kill every connection of the readers; how many those were."""
    count: int = await pool.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database()"
        " and application_name in ('readers', 'tidegate tidegate_events')"
    )
    return count


async def test_an_outage_of_the_database_is_survived(
    database_url: str, pool: asyncpg.Pool, execution: str, caplog: pytest.LogCaptureFixture
) -> None:
    readers = await open_pool(database_url, name="readers")
    async with (
        following_on(readers, database_url, poll_seconds=0.05) as following,
        following.tailer.follow(execution) as follower,
    ):
        assert await taken(follower) == [-1]
        for index in range(5):
            assert await cut_off(pool)
            await grow(pool, execution, 1)
            assert await taken(follower) == [index]
    await readers.close()


async def test_connections_that_have_all_died_without_a_word_are_replaced(
    database_url: str, pool: asyncpg.Pool, execution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of the pool: each would otherwise have to be waited for, one after the other."""
    monkeypatch.setattr("storage.reading.READ_SECONDS", 0.2)
    async with proxy(database_url) as link:
        readers = await open_pool(link.url, name="readers")
        async with (
            following_on(readers, link.url, poll_seconds=0.05) as following,
            following.tailer.follow(execution) as follower,
        ):
            assert await taken(follower) == [-1]
            link.block()
            await grow(pool, execution, 1)
            assert await taken(follower) == [0]
        readers.terminate()


async def test_a_replay_goes_on_after_an_outage(
    database_url: str, pool: asyncpg.Pool, execution: str, caplog: pytest.LogCaptureFixture
) -> None:
    await grow(pool, execution, 8 * PAGE_ROWS, ended=True)
    readers = await open_pool(database_url, name="readers")
    indices: list[int] = []
    async with (
        following_on(readers, database_url) as following,
        following.tailer.follow(execution) as follower,
    ):
        while rows := await taken(follower):
            indices += rows
            await cut_off(pool)
    assert indices == list(range(-1, 8 * PAGE_ROWS))
    assert "Following is held back" in caplog.text
    await readers.close()


async def test_a_failing_read_is_logged_and_tried_again(
    following: Following, execution: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, failures = tail.read_news, iter(range(3))

    async def failing(connection: Connection, indices: Mapping[str, int], **limits: int) -> dict[str, Page]:
        if next(failures, None) is not None:
            raise OSError("the disk is on fire")
        return await real(connection, indices, **limits)

    monkeypatch.setattr(tail, "read_news", failing)
    async with following.tailer.follow(execution) as follower:
        assert await taken(follower) == [-1]
    assert caplog.text.count("the disk is on fire") == 3


async def test_a_deleted_execution_ends_its_followers_with_not_found(
    pool: asyncpg.Pool, database_url: str, execution: str
) -> None:
    async with following_on(pool, database_url, poll_seconds=0.05) as following:
        async with following.tailer.follow(execution, 0) as follower:
            await pool.execute("delete from executions")
            with pytest.raises(NotFound):
                await taken(follower)
            with pytest.raises(NotFound):
                await followed(following.tailer, execution)
        assert (following.tailer.followed, following.wakeups.watched) == (0, 0)


async def test_a_log_that_has_lost_its_end_is_an_error_and_not_silence(
    pool: asyncpg.Pool, database_url: str, execution: str
) -> None:
    await grow(pool, execution, 10)
    async with (
        following_on(pool, database_url, poll_seconds=0.05) as following,
        following.tailer.follow(execution) as follower,
    ):
        assert len(await taken(follower)) == 11
        await pool.execute("delete from execution_events where index > 5")
        await pool.execute("update execution_heads set last_index = 5")
        with pytest.raises(Conflict):
            await taken(follower)
        async with following.tailer.follow(execution) as again:
            assert len(await taken(again)) == 7
