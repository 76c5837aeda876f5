"""Following logs: every follower gets exactly the log, each row is read once, and nothing is left behind."""

import asyncio
import gc
import random
from typing import Any

import asyncpg
import pytest

from engine.errors import NotFound, ServiceUnavailable
from storage import for_ever, replays, tail
from storage.events import Page
from storage.flows import FlowRow
from storage.follow import PAGE_ROWS, Follower, Tail
from storage.pool import Connection
from storage.window import WINDOW_ROWS
from tests.eventually import PATIENCE, eventually
from tests.storage.following import Following, Reads, followed, following_on, taken
from tests.storage.seeds import create, grow


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
    async with asyncio.timeout(2 * PATIENCE), following.tailer.follow(execution) as follower:
        while rows := await follower.take(timeout=0):
            indices += [row.index for row in rows]
        assert follower.caught_up
        assert not follower.ended
    assert indices == list(range(-1, 2_500))


async def test_a_take_without_time_gives_what_was_there_when_following_began(
    following: Following, execution: str
) -> None:
    async with following.tailer.follow(execution) as follower:
        assert not follower.caught_up
        assert [row.index for row in await follower.take(timeout=0)] == [-1]


async def test_a_commit_of_more_events_than_a_page_is_read_to_its_end(
    following: Following, execution: str, reads: Reads
) -> None:
    async with following.tailer.follow(execution, 0) as follower:
        await eventually(lambda: reads.news)
        await following.append(execution, 3 * PAGE_ROWS + 1)
        indices: list[int] = []
        while len(indices) <= 3 * PAGE_ROWS:
            indices += await taken(follower)
    assert indices == list(range(3 * PAGE_ROWS + 1))


async def test_what_is_announced_while_it_is_read_is_not_read_again(
    following: Following, execution: str, connection: Connection, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(monkeypatch)
    read_news, gate = tail.read_news, asyncio.Event()

    async def gated(*arguments: Any, **limits: int) -> dict[str, Page]:
        news = await read_news(*arguments, **limits)
        await gate.wait()
        return news

    other = (await create(connection, flow)).id
    heard: list[int | None] = []
    following.wakeups.watch(execution, heard.append)
    async with following.tailer.follow(execution) as follower, following.tailer.follow(other) as sentinel:
        assert await taken(follower) == await taken(sentinel) == [-1]
        reads.news.clear()
        monkeypatch.setattr(tail, "read_news", gated)
        await following.append(execution, 10)
        await eventually(lambda: reads.news)
        following.notifier.notify(execution, 9)
        await eventually(lambda: heard == [9, 9])
        gate.set()
        assert len(await taken(follower)) == 10
        await following.append(other, 1)
        assert await taken(sentinel) == [0]
    following.wakeups.unwatch(execution, heard.append)
    assert [list(news) for news in reads.news] == [[execution], [other]]


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
        async with asyncio.timeout(PATIENCE):
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
        while rows := await taken(slow, 37):
            indices += rows
    assert indices == list(range(-1, 5 * WINDOW_ROWS + 1))
    assert 0 < sum(len(page.rows) for page in reads.pages) <= 5 * WINDOW_ROWS


async def test_followers_who_are_behind_together_share_what_is_read_for_them(
    following: Following, execution: str, reads: Reads
) -> None:
    """Also those who come from different places, after their first page."""
    await grow(following.pool, execution, 5 * PAGE_ROWS, ended=True)
    begins = [-1] * 40 + [7, 700, 1_500]
    found = await asyncio.gather(*(followed(following.tailer, execution, begin, limit=100) for begin in begins))
    assert found == [list(range(begin, 5 * PAGE_ROWS)) for begin in begins]
    assert len(reads.pages) <= 10


async def test_a_page_that_could_not_be_read_is_read_again(
    following: Following, execution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await grow(following.pool, execution, 2 * PAGE_ROWS, ended=True)
    read, outages = replays.read_page, iter([OSError("The network is away."), OSError("Still.")])

    async def failing(*arguments: Any, **options: Any) -> Page:
        for outage in outages:
            raise outage
        return await read(*arguments, **options)

    monkeypatch.setattr(replays, "read_page", failing)
    monkeypatch.setattr(for_ever, "RETRY_SECONDS", 0.01)
    found = await asyncio.gather(*(followed(following.tailer, execution) for _ in range(3)))
    assert found == [list(range(-1, 2 * PAGE_ROWS))] * 3


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
    async with asyncio.timeout(2 * PATIENCE):
        for seen in await asyncio.gather(*readers):
            assert seen == list(range(-1, total))
    assert (following.tailer.followed, following.wakeups.watched) == (0, 0)


async def test_a_cancelled_take_loses_no_row(following: Following, execution: str) -> None:
    indices: list[int] = []
    cancelled = 0
    async with following.tailer.follow(execution, 0) as follower:
        for turns in range(60):
            taking = asyncio.create_task(follower.take())
            await asyncio.sleep(0)
            if turns % 3:
                await following.append(execution, 2)
            for _ in range(turns):
                await asyncio.sleep(0)
            taking.cancel()
            (rows,) = await asyncio.gather(taking, return_exceptions=True)
            if isinstance(rows, list):
                indices += [row.index for row in rows]
            cancelled += taking.cancelled()
        while len(indices) < 80:
            indices += await taken(follower)
    assert indices == list(range(80))
    assert cancelled


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
