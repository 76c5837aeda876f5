"""The bell: rings get through a Redis that comes and goes, and without one the work only waits a little."""

import asyncio
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from jobs.bell import Bell
from jobs.dispatch import QUEUE, Doorbell
from tests.eventually import PATIENCE, eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES
from tests.proxy import proxy


class Ears:
    """Counts what a bell hears, from `start` to `stop`."""

    def __init__(self, url: str) -> None:
        self.heard = 0
        self._bell = Bell(url, self._hear)
        self._task: asyncio.Task[None] | None = None

    def _hear(self) -> None:
        self.heard += 1

    async def start(self) -> None:
        """Listen, and wait until the connection is there."""
        self._task = asyncio.create_task(self._bell.run())
        await eventually(lambda: self.heard)

    async def stop(self) -> None:
        assert self._task
        self._task.cancel()
        await asyncio.wait([self._task])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.bell.RESTART_SECONDS", 0.05)
    monkeypatch.setattr("jobs.dispatch.ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("jobs.dispatch.RETRY_SECONDS", 0.05)
    monkeypatch.setattr("jobs.dispatch.RING_SECONDS", 0.5)
    monkeypatch.setattr("jobs.dispatch.CONNECT_SECONDS", 0.5)


async def test_a_ring_is_heard_once_by_one_of_many(redis_url: str) -> None:
    ears = [Ears(redis_url) for _ in range(3)]
    for each in ears:
        await each.start()
    doorbell = Doorbell(redis_url)
    await doorbell.start()
    before = sum(each.heard for each in ears)
    doorbell.ring()
    await eventually(lambda: sum(each.heard for each in ears) == before + 1)
    async with Redis.from_url(redis_url) as redis:
        await eventually(lambda: _is_empty(redis))
    assert sum(each.heard for each in ears) == before + 1
    await doorbell.stop()
    for each in ears:
        await each.stop()


async def _is_empty(redis: Redis) -> bool:
    return not await redis.zcard(QUEUE)


async def test_a_ring_just_before_the_end_still_rings(redis_url: str) -> None:
    doorbell = Doorbell(redis_url)
    await doorbell.start()
    doorbell.ring()
    await doorbell.stop()
    async with Redis.from_url(redis_url) as redis:
        assert await redis.zcard(QUEUE) == 1


@pytest.mark.parametrize("fault", ["cut", "silent"])
async def test_a_bell_whose_connection_is_lost_hears_again(redis_url: str, fault: str) -> None:
    async with proxy(redis_url) as link:
        ears = Ears(link.url)
        await ears.start()
        before = ears.heard
        link.cut_all() if fault == "cut" else link.block()
        doorbell = Doorbell(redis_url)
        await doorbell.start()
        doorbell.ring()
        await eventually(lambda: ears.heard > before)
        await doorbell.stop()
        await ears.stop()


async def test_a_bell_ends_although_the_cancellation_is_forgotten_by_what_connects_it(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `wait_for` does before Python 3.12, if the answer comes in the same moment."""
    connecting, ping = asyncio.Event(), Redis.ping

    async def forgetful(redis: Redis) -> bool:
        connecting.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await ping(redis)

    monkeypatch.setattr(Redis, "ping", forgetful)
    listening = asyncio.create_task(Bell(redis_url, lambda: None).run())
    await connecting.wait()
    listening.cancel()
    await asyncio.wait([listening], timeout=PATIENCE)
    assert listening.cancelled()


@pytest.mark.parametrize("fault", ["refused", "silent"])
async def test_a_ring_that_does_not_get_through_is_rung_when_it_can_be(redis_url: str, fault: str) -> None:
    async with proxy(redis_url) as link:
        doorbell = Doorbell(link.url)
        await doorbell.start()
        doorbell.ring()
        async with Redis.from_url(redis_url) as redis:
            await eventually(lambda: redis.zcard(QUEUE))
            await redis.flushdb()
            link.cut_all() if fault == "refused" else link.block()
            link.refuses = fault == "refused"
            doorbell.ring()
            if fault == "refused":
                await eventually(lambda: link.refused > 1)
                link.refuses = False
            await eventually(lambda: redis.zcard(QUEUE))
        await doorbell.stop()


async def test_executions_run_while_redis_comes_and_goes(
    client: Client, new_worker: NewWorker, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.sweeper.OVERDUE_SECONDS", 0.3)
    async with proxy(redis_url) as link:
        await new_worker(redis_url=link.url)
        flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
        for turn in range(6):
            link.refuses = turn % 2 == 0
            link.cut_all()
            await client.ended(await client.run(flow))
        link.refuses = False
