"""Subscribers at the same place of a log get one batch together, and none depends on another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import NotFound
from engine.status import ExecutionStatus
from resolvers.batches import Batch, Batches, Wish
from resolvers.shared_batches import SharedBatches
from schema.errors import Interrupted
from storage.events import EventRow, Page
from storage.follow import Follower, Tail

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RUNNING: Any = SimpleNamespace(id="EX0", status=ExecutionStatus.RUNNING, last_index=-1)
AT_ONCE = Wish(size=100, seconds=0)


class Log:
    """A log that grows in memory, and its subscribers."""

    def __init__(self) -> None:
        self.tail: Tail[EventRow] = Tail("EX0", 0)
        self.tail.open(-1, ended=False)
        self.shared = SharedBatches()

    def grow(self, rows: int, kind: str = "NODE_STARTED") -> None:
        first = self.tail.window.end
        self.tail.add(Page([EventRow("EX0", first + n, kind, NOW, "{}") for n in range(rows)], more=False))

    def batches(self, wish: Wish = AT_ONCE) -> Batches:
        return Batches(Follower(self.tail, 0, _replay), wish, RUNNING)

    async def subscriber(self, wish: Wish = AT_ONCE) -> AsyncIterator[Batch]:
        """One who has got the first batch."""
        stream = self.shared.of(self.batches(wish))
        assert (await anext(stream)).rows == []
        return stream


async def _replay(execution_id: str, from_index: int) -> Page[EventRow]:
    raise AssertionError("All of it is in the window.")


@pytest.fixture
async def log() -> Log:
    return Log()


async def begin(stream: AsyncIterator[Batch]) -> asyncio.Task[Batch]:
    """Begin to wait for the next batch."""
    task: asyncio.Task[Batch] = asyncio.ensure_future(anext(stream))
    await turns()
    return task


async def turns() -> None:
    """Let everybody do what they can do now."""
    for _ in range(10):
        await asyncio.sleep(0)


async def cancel(task: asyncio.Task[Batch]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def indices(batch: Batch) -> list[int]:
    return [row.index for row in batch.rows]


def making() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "batch"]


async def test_subscribers_at_the_same_place_get_the_same_batch(log: Log) -> None:
    waiting = [await begin(await log.subscriber()) for _ in range(3)]
    assert len(making()) == 1
    log.grow(2)
    first, *others = await asyncio.gather(*waiting)
    assert indices(first) == [0, 1]
    assert all(other is first for other in others)
    assert all(other.shown is first.shown for other in others)


async def test_subscribers_with_other_wishes_get_their_own_batches(log: Log) -> None:
    wishes = AT_ONCE, Wish(1, 0), Wish(100, 0, frozenset({"NODE_SKIPPED"}))
    waiting = [await begin(await log.subscriber(wish)) for wish in wishes]
    log.grow(1)
    log.grow(1, "NODE_SKIPPED")
    assert [indices(batch) for batch in await asyncio.gather(*waiting)] == [[0, 1], [0], [1]]


async def test_one_who_leaves_leaves_the_batch_to_the_others(log: Log) -> None:
    leaving, staying = [await begin(await log.subscriber()) for _ in range(2)]
    await cancel(leaving)
    log.grow(1)
    assert indices(await staying) == [0]


async def test_when_the_last_one_leaves_nothing_goes_on(log: Log) -> None:
    waiting = [await begin(await log.subscriber()) for _ in range(2)]
    for task in waiting:
        await cancel(task)
    await turns()
    assert making() == []
    assert len(log.shared._cuts) == 0


async def test_a_batch_that_was_given_up_is_made_anew_for_who_comes_then(log: Log) -> None:
    mine = log.batches()
    await mine.first()
    given_up = log.shared._cut_after(mine)
    task = asyncio.ensure_future(given_up.wait(mine.follower))
    await turns()
    await cancel(task)
    # It is still there, as if its last subscriber had not quite gone.
    other = await begin(await log.subscriber())
    log.grow(1)
    assert indices(await other) == [0]


async def test_one_who_is_slow_gets_everything_and_meets_the_others_at_the_end(log: Log) -> None:
    slow, quick = [await log.subscriber() for _ in range(2)]
    for _ in range(3):
        task = await begin(quick)
        log.grow(1)
        await task
    kept = await begin(quick)
    assert indices(await anext(slow)) == [0, 1, 2]
    together = await begin(slow)
    log.grow(1)
    assert await together is await kept


async def test_what_goes_wrong_is_told_to_all_with_the_place_to_resume(log: Log) -> None:
    waiting = [await begin(await log.subscriber()) for _ in range(2)]
    gone = NotFound("Gone.")
    log.tail.fail(gone)
    for error in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(error, Interrupted)
        assert (error.cause, error.resume) == (gone, {"nextIndex": 0})


async def test_one_who_may_not_go_on_ends_at_once_and_the_others_go_on(log: Log) -> None:
    ending = log.batches()
    streams = [log.shared.of(ending), await log.subscriber()]
    await anext(streams[0])
    lost, going = [await begin(stream) for stream in streams]
    ending.follower.fail(NotFound("Taken back."))
    with pytest.raises(Interrupted, match="Taken back") as caught:
        await lost
    assert caught.value.resume == {"nextIndex": 0}
    log.grow(1)
    assert indices(await going) == [0]


async def test_one_who_may_not_go_on_spoils_no_batch_of_others(log: Log) -> None:
    ending = log.batches()
    ended = log.shared.of(ending)
    await anext(ended)
    ending.follower.fail(NotFound("Taken back."))
    with pytest.raises(Interrupted, match="Taken back"):
        await anext(ended)
    other = await begin(await log.subscriber())
    log.grow(1)
    assert indices(await other) == [0]


async def test_all_streams_end_with_the_log(log: Log) -> None:
    streams = [await log.subscriber() for _ in range(2)]
    waiting = [await begin(stream) for stream in streams]
    log.grow(1, "FLOW_COMPLETED")
    assert [indices(batch) for batch in await asyncio.gather(*waiting)] == [[0], [0]]
    assert [[batch async for batch in stream] for stream in streams] == [[], []]
