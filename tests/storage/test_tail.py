"""Following logs: every follower gets exactly the log, each row is read once, and whatever is lost is healed."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from engine.errors import Conflict, NotFound, ServiceUnavailable
from storage import tail
from storage.events import Page
from storage.flows import FlowRow
from storage.follow import PAGE_ROWS, Follower, Tail
from storage.notify import Notifier
from storage.pool import Connection, open_pool
from storage.shards import EVENTS
from storage.tail import Tailer
from storage.wakeups import Wakeups
from storage.window import WINDOW_ROWS
from tests.eventually import eventually
from tests.storage.seeds import create, grow

NEVER = 3_600.0


class Following:
    """All that follows logs in one process; without a notifier at work unless `announce` is called."""

    def __init__(self, pool: asyncpg.Pool, url: str, poll_seconds: float) -> None:
        self.pool = pool
        self.notifier = Notifier(pool, EVENTS)
        self.wakeups = Wakeups(url, EVENTS)
        self.tailer = Tailer(pool, self.wakeups, poll_seconds=poll_seconds)

    async def append(self, execution_id: str, events: int, *, ended: bool = False, fill: int = 0) -> None:
        """Grow a log and notify of its last index."""
        await grow(self.pool, execution_id, events, ended=ended, fill=fill)
        last = "select last_index from execution_heads where execution_id = $1"
        self.notifier.notify(execution_id, await self.pool.fetchval(last, execution_id))


@asynccontextmanager
async def following_on(pool: asyncpg.Pool, url: str, poll_seconds: float = NEVER) -> AsyncIterator[Following]:
    """Nothing but notifications leads to a read, unless there is a poll."""
    following = Following(pool, url, poll_seconds)
    await following.notifier.start()
    await following.wakeups.start()
    await following.tailer.start()
    yield following
    await following.tailer.stop()
    await following.wakeups.stop()
    await following.notifier.stop()


@pytest.fixture
async def following(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Following]:
    async with following_on(pool, database_url) as started:
        yield started


@pytest.fixture
async def execution(pool: asyncpg.Pool, flow: FlowRow) -> str:
    async with pool.acquire() as connection:
        return (await create(connection, flow)).id


class Reads:
    """Counts what is read from the database."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.news: list[dict[str, Page]] = []
        self.pages: list[Page] = []
        monkeypatch.setattr(tail, "read_news", self._kept(tail.read_news, self.news))
        monkeypatch.setattr(tail, "read_page", self._kept(tail.read_page, self.pages))

    @property
    def indices(self) -> list[int]:
        """The indices that were read for tails, in the order of reading."""
        return [row.index for news in self.news for page in news.values() for row in page.rows]

    def _kept(self, read: Callable[..., Awaitable[Any]], kept: list[Any]) -> Callable[..., Awaitable[Any]]:
        async def keeping(*arguments: Any, **options: Any) -> Any:
            kept.append(await read(*arguments, **options))
            return kept[-1]

        return keeping


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


async def followed(tailer: Tailer, execution_id: str, from_index: int = -1, limit: int = PAGE_ROWS) -> list[int]:
    """The indices that a follower gets until the log ends."""
    indices: list[int] = []
    async with asyncio.timeout(30), tailer.follow(execution_id, from_index) as follower:
        while rows := await follower.take(limit):
            indices += [row.index for row in rows]
        assert follower.ended
    return indices


async def taken(follower: Follower, limit: int = PAGE_ROWS) -> list[int]:
    async with asyncio.timeout(10):
        return [row.index for row in await follower.take(limit)]


async def test_a_log_that_has_ended_is_given_whole_and_then_ends(following: Following, execution: str) -> None:
    await grow(following.pool, execution, 20, ended=True)
    assert await followed(following.tailer, execution) == list(range(-1, 20))
    assert await followed(following.tailer, execution, from_index=15) == list(range(15, 20))


async def test_events_come_as_they_are_announced(following: Following, execution: str) -> None:
    async with following.tailer.follow(execution) as follower:
        assert await taken(follower) == [-1]
        assert follower.caught_up
        for index in range(0, 30, 3):
            await following.append(execution, 3)
            assert await taken(follower) == [index, index + 1, index + 2]
        await following.append(execution, 1, ended=True)
        assert [rows[-1].type async for rows in follower] == ["FLOW_COMPLETED"]
        assert follower.ended


async def test_the_first_batch_comes_at_once_even_when_there_is_nothing(following: Following, execution: str) -> None:
    async with following.tailer.follow(execution, 0) as follower:
        assert follower.caught_up
        assert await follower.take(timeout=0) == []


async def test_a_take_without_time_waits_for_what_is_in_the_log_but_for_nothing_new(
    following: Following, execution: str
) -> None:
    await grow(following.pool, execution, 2_500)
    indices: list[int] = []
    async with following.tailer.follow(execution) as follower:
        while rows := await follower.take(timeout=0):
            indices += [row.index for row in rows]
        assert follower.caught_up
        assert not follower.ended
    assert indices == list(range(-1, 2_500))


async def test_a_take_gives_at_most_what_is_asked_for(following: Following, execution: str) -> None:
    await grow(following.pool, execution, 2_500, ended=True)
    async with following.tailer.follow(execution) as follower:
        assert await taken(follower, 7) == list(range(-1, 6))
        assert follower.next_index == 6
        assert not follower.caught_up
    assert await followed(following.tailer, execution, limit=7) == list(range(-1, 2_500))


async def test_an_index_beyond_the_end_waits_for_it(following: Following, execution: str) -> None:
    async with following.tailer.follow(execution, 5) as follower:
        assert await follower.take(timeout=0) == []
        await following.append(execution, 4)
        assert await follower.take(timeout=0.2) == []
        await following.append(execution, 3)
        assert await taken(follower) == [5, 6]


async def test_an_index_beyond_the_end_of_an_ended_log_ends_at_once(following: Following, execution: str) -> None:
    await grow(following.pool, execution, 3, ended=True)
    assert await followed(following.tailer, execution, 3) == []
    assert await followed(following.tailer, execution, 1_000) == []


async def test_an_unknown_execution_is_not_found(following: Following) -> None:
    with pytest.raises(NotFound):
        await followed(following.tailer, "EX0")
    assert (following.tailer.followed, following.wakeups.watched) == (0, 0)


async def test_fifty_followers_cost_one_read_of_each_row(following: Following, execution: str, reads: Reads) -> None:
    followers = [asyncio.create_task(followed(following.tailer, execution)) for _ in range(50)]
    for _ in range(40):
        await following.append(execution, 5)
    await following.append(execution, 1, ended=True)
    for indices in await asyncio.gather(*followers):
        assert indices == list(range(-1, 201))
    assert reads.indices == list(range(-1, 201))
    assert reads.pages == []


async def test_a_burst_of_notifications_leads_to_few_reads(following: Following, execution: str, reads: Reads) -> None:
    async with following.tailer.follow(execution, 0) as follower:
        await eventually(lambda: reads.news)
        await grow(following.pool, execution, 1_000)
        for index in range(1_000):
            following.notifier.notify(execution, index)
        assert len(await taken(follower)) == 1_000
        async with asyncio.timeout(10):
            await following.append(execution, 1, ended=True)
            await anext(follower)
    assert len([news for news in reads.news if news]) == 2
    assert len(reads.news) <= 6


async def test_the_news_of_many_executions_come_with_few_reads(
    following: Following, connection: Connection, flow: FlowRow, reads: Reads
) -> None:
    executions = [(await create(connection, flow)).id for _ in range(200)]
    followers = [asyncio.create_task(followed(following.tailer, execution, 0)) for execution in executions]
    await eventually(lambda: following.tailer.followed == 200)
    for execution in executions:
        await grow(following.pool, execution, 3, ended=True)
    for execution in executions:
        following.notifier.notify(execution, 2)
    assert await asyncio.gather(*followers) == [[0, 1, 2]] * 200
    assert len(reads.news) < 60


async def test_a_slow_follower_gets_exactly_the_log_and_slows_nobody(
    following: Following, execution: str, reads: Reads
) -> None:
    async with following.tailer.follow(execution) as slow:
        indices = await taken(slow, 1)
        fast = asyncio.create_task(followed(following.tailer, execution))
        for _ in range(10):
            await following.append(execution, WINDOW_ROWS // 2)
        await following.append(execution, 1, ended=True)
        assert await fast == list(range(-1, 5 * WINDOW_ROWS + 1))
        assert reads.pages == []
        while rows := await slow.take(37):
            indices += [row.index for row in rows]
    assert indices == list(range(-1, 5 * WINDOW_ROWS + 1))
    assert reads.pages


async def test_large_rows_are_read_in_small_pages(following: Following, execution: str, reads: Reads) -> None:
    await grow(following.pool, execution, 60, ended=True, fill=200_000)
    assert await followed(following.tailer, execution) == list(range(-1, 60))
    assert max(len(page.rows) for news in reads.news for page in news.values()) < 12
    assert max((len(page.rows) for page in reads.pages), default=0) < 12


@pytest.mark.parametrize("seed", range(5))
async def test_followers_that_come_go_and_dawdle_as_they_like_get_exactly_the_log(
    following: Following, execution: str, seed: int
) -> None:
    chance = random.Random(seed)
    total = 3_000

    async def reader() -> list[int]:
        seen: list[int] = []
        next_index, ended = -1, False
        while not ended:
            async with following.tailer.follow(execution, next_index) as follower:
                for _ in range(chance.randint(1, 8)):
                    rows = await follower.take(chance.choice([1, 50, 1_000]), timeout=chance.choice([0, 0.01, None]))
                    seen += [row.index for row in rows]
                    await asyncio.sleep(0)
                next_index, ended = follower.next_index, follower.ended
        return seen

    readers = [asyncio.create_task(reader()) for _ in range(12)]
    written = 0
    while written < total:
        count = min(chance.choice([1, 3, 200, 700]), total - written)
        written += count
        await following.append(execution, count, ended=written == total)
    async with asyncio.timeout(30):
        for seen in await asyncio.gather(*readers):
            assert seen == list(range(-1, total))
    assert (following.tailer.followed, following.wakeups.watched) == (0, 0)


async def test_a_cancelled_take_loses_no_row(following: Following, execution: str) -> None:
    indices: list[int] = []
    cancelled = 0
    async with following.tailer.follow(execution) as follower:
        for _ in range(100):
            await following.append(execution, 2)
            try:
                async with asyncio.timeout(0.001):
                    indices += [row.index for row in await follower.take()]
            except TimeoutError:
                cancelled += 1
        while len(indices) < 201:
            indices += await taken(follower)
    assert indices == list(range(-1, 200))
    assert cancelled


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


async def test_everything_is_freed_after_the_last_follower_has_left(following: Following, execution: str) -> None:
    await grow(following.pool, execution, 100)
    async with following.tailer.follow(execution) as first:
        async with following.tailer.follow(execution):
            assert following.tailer.followed == 1
        assert len(await taken(first)) == 101
        assert following.wakeups.watched == 1
    del first
    assert (following.tailer.followed, following.wakeups.watched) == (0, 0)
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, (Tail, Follower))]


async def test_a_follower_that_leaves_before_it_has_begun_leaves_nothing(
    following: Following, execution: str, reads: Reads
) -> None:
    tasks = [asyncio.create_task(followed(following.tailer, execution)) for _ in range(3)]
    await eventually(lambda: following.tailer.followed)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (following.tailer.followed, following.wakeups.watched) == (0, 0)
    await grow(following.pool, execution, 1, ended=True)
    assert await followed(following.tailer, execution) == [-1, 0]


async def test_stopping_frees_those_who_wait_and_leaves_no_task(
    pool: asyncpg.Pool, database_url: str, execution: str
) -> None:
    before, idle = asyncio.all_tasks(), pool.get_idle_size()
    async with following_on(pool, database_url) as following:
        waiting = asyncio.create_task(followed(following.tailer, execution))
        await eventually(lambda: following.tailer.followed == 1)
    for too_late in (waiting, followed(following.tailer, execution)):
        with pytest.raises(ServiceUnavailable):
            await too_late
    await eventually(lambda: asyncio.all_tasks() == before)
    assert pool.get_idle_size() >= idle
