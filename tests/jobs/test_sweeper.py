"""Who is given up, and when: only who was silent for a whole lease, seen by somebody who saw all of it (rule 6)."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from jobs.declining import Declined
from jobs.family import Family
from jobs.slots import Slots
from jobs.sweeper import OVERDUE_SECONDS, Sweeper
from storage.claims import NO_LIMITS, Limits, claim, release_all
from storage.flows import FlowRow, create_flow
from storage.notify import Notifier
from storage.pool import open_pool
from storage.shards import COMMANDS
from storage.workers import beat, register
from tests.eventually import eventually
from tests.pauses import locked
from tests.proxy import Proxy, proxy
from tests.storage.appends import AT, ending, one
from tests.storage.families import family, is_queued, parking, reporting, taken
from tests.storage.seeds import create


class Watch:
    """A clock that stands still until it is set forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr("jobs.sweeper.time", made)
    return made


@pytest.fixture
async def flow(pool: asyncpg.Pool) -> FlowRow:
    async with pool.acquire() as connection:
        return await create_flow(connection, owner_id="ada", name="Sum", description=None, document={"nodes": []})


@pytest.fixture
async def holding(pool: asyncpg.Pool, flow: FlowRow) -> AsyncIterator[list[str]]:
    """Three executions that the worker "silent" holds; at the end nobody may hold them."""
    async with pool.acquire() as connection:
        ids = [(await create(connection, flow)).id for _ in range(3)]
        await register(connection, "silent", host="h", pid=1, concurrency=8)
        await claim(connection, "silent", 3)
    yield ids
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("update execution_heads set token = null, worker_id = null where worker_id = 'silent'")
        await connection.execute("update queue set worker_id = null where worker_id = 'silent'")


def family_at(pool: asyncpg.Pool) -> Family:
    """A family that wakes when it is stopped."""
    return Family(pool, Notifier(pool, COMMANDS))


def sweeper(pool: asyncpg.Pool, lease: float = 10.0, limits: Limits = NO_LIMITS) -> Sweeper:
    return Sweeper(
        pool, lease, Slots(1, lambda: None), limits, lambda: None, family_at(pool), Declined(pool, "watcher")
    )


async def sweep(given: Sweeper) -> None:
    await given._sweep()


async def free(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("select count(*) from execution_heads where token is null")
    return count


async def test_a_worker_is_given_up_after_a_whole_lease_of_silence_and_not_before(
    pool: asyncpg.Pool, holding: list[str], watch: Watch
) -> None:
    watcher = sweeper(pool)
    await sweep(watcher)
    watch.now += 9.99
    await sweep(watcher)
    assert await free(pool) == 0
    watch.now += 0.01
    await sweep(watcher)
    assert await free(pool) == 3
    assert await pool.fetchval("select count(*) from workers") == 0
    lost = await pool.fetch("select distinct lost_worker_id from execution_heads")
    assert [row["lost_worker_id"] for row in lost] == ["silent"]


async def test_a_worker_that_beats_is_never_given_up(pool: asyncpg.Pool, holding: list[str], watch: Watch) -> None:
    watcher = sweeper(pool)
    for _ in range(5):
        await sweep(watcher)
        watch.now += 9.9
        async with pool.acquire() as connection:
            await beat(connection, "silent")
    assert await free(pool) == 0


async def test_a_watcher_that_has_just_come_waits_for_a_whole_lease_of_its_own(
    pool: asyncpg.Pool, holding: list[str], watch: Watch
) -> None:
    """However long ago the last beat was by anybody's clock."""
    await pool.execute("update workers set beat_at = beat_at - interval '1 year'")
    watcher = sweeper(pool)
    await sweep(watcher)
    watch.now += 9.9
    await sweep(watcher)
    assert await free(pool) == 0


async def test_a_beat_between_the_look_and_the_theft_saves_the_worker(
    pool: asyncpg.Pool, holding: list[str], watch: Watch
) -> None:
    async with pool.acquire() as connection:
        await beat(connection, "silent")
    await sweeper(pool)._give_up("silent", at_beat=0)
    assert await free(pool) == 0
    assert await pool.fetchval("select count(*) from workers") == 1


async def test_nobody_is_given_up_after_an_outage_in_which_nobody_could_beat(
    pool: asyncpg.Pool, holding: list[str], database_url: str
) -> None:
    async with proxy(database_url) as way:
        through = await open_pool(way.url, name="sweeper", size=2)
        watcher = sweeper(through, lease=4.0)
        sweeping = asyncio.create_task(watcher.run())
        await eventually(lambda: watcher._seen)
        seen_at = watcher._seen["silent"][1]
        _go_away(way)
        await eventually(lambda: not watcher._seen)
        way.refuses = False
        await eventually(lambda: watcher._seen)
        assert watcher._seen["silent"][1] > seen_at
        assert await free(pool) == 0
        sweeping.cancel()
        await asyncio.wait([sweeping])
        await through.close()


def _go_away(way: Proxy) -> None:
    way.refuses = True
    way.cut_all()


async def test_a_frozen_row_of_a_lost_worker_does_not_keep_the_others_from_going_on(
    pool: asyncpg.Pool, holding: list[str], watch: Watch, database_url: str
) -> None:
    watcher = sweeper(pool)
    await sweep(watcher)
    watch.now += 10
    async with locked(database_url, holding[0]):
        await sweep(watcher)
        assert await free(pool) == 2
    await sweep(watcher)
    assert await free(pool) == 3


async def test_two_sweepers_give_a_worker_up_once(pool: asyncpg.Pool, holding: list[str], watch: Watch) -> None:
    both = [sweeper(pool), sweeper(pool)]
    for each in both:
        await sweep(each)
    watch.now += 10
    await asyncio.gather(*(sweep(each) for each in both))
    assert await free(pool) == 3
    assert await pool.fetchval("select count(*) from queue where worker_id is null") == 3


async def test_what_a_worker_holds_that_nobody_knows_is_freed(
    pool: asyncpg.Pool, holding: list[str], watch: Watch
) -> None:
    await pool.execute("delete from workers")
    await sweep(sweeper(pool))
    assert await free(pool) == 3


async def test_something_overdue_is_rung_for_only_while_there_is_room(
    pool: asyncpg.Pool, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pool.acquire() as connection:
        await create(connection, flow)
    monkeypatch.setattr("jobs.sweeper.OVERDUE_SECONDS", 0.05)
    slots = Slots(1, lambda: None)
    rung: list[bool] = []
    watcher = Sweeper(
        pool, 10.0, slots, NO_LIMITS, lambda: rung.append(True), family_at(pool), Declined(pool, "watcher")
    )
    slots.take()
    await eventually(lambda: pool.fetchval("select now() - ready_at > interval '0.1 s' from queue"))
    await sweep(watcher)
    slots.give_back()
    await sweep(watcher)
    assert watcher.rescues == 0
    await eventually(lambda: slots.had_room_for(0.05))
    await sweep(watcher)
    assert (watcher.rescues, rung) == (1, [True])


async def test_what_waited_before_the_sweeper_came_is_not_overdue_at_once(
    pool: asyncpg.Pool, flow: FlowRow, watch: Watch
) -> None:
    async with pool.acquire() as connection:
        await create(connection, flow)
        await connection.execute("update queue set ready_at = ready_at - interval '1 hour'")
    watcher = sweeper(pool)
    await sweep(watcher)
    assert watcher.rescues == 0
    watch.now += OVERDUE_SECONDS
    await sweep(watcher)
    assert watcher.rescues == 1


async def held_back(pool: asyncpg.Pool, flow: FlowRow) -> None:
    """Of two executions, one is held by a worker and the other has waited for long."""
    async with pool.acquire() as connection:
        for _ in range(2):
            await create(connection, flow)
        await register(connection, "worker", host="h", pid=1, concurrency=8)
        await claim(connection, "worker", 1)
        await connection.execute("update queue set ready_at = ready_at - interval '1 hour' where worker_id is null")


async def test_what_a_limit_holds_back_is_not_overdue(pool: asyncpg.Pool, flow: FlowRow, watch: Watch) -> None:
    await held_back(pool, flow)
    watcher = sweeper(pool, limits=Limits(owner=1))
    for _ in range(3):
        await sweep(watcher)
        watch.now += OVERDUE_SECONDS
    assert watcher.rescues == 0


async def test_what_a_limit_allows_and_nobody_claims_is_overdue_after_a_while(
    pool: asyncpg.Pool, flow: FlowRow, watch: Watch
) -> None:
    """However long the limit has held it back before."""
    await held_back(pool, flow)
    watcher = sweeper(pool, limits=Limits(flow=1))
    await sweep(watcher)
    watch.now += OVERDUE_SECONDS
    async with pool.acquire() as connection:
        await release_all(connection, "worker", lost=False)
        await connection.execute("update queue set ready_at = ready_at - interval '1 hour'")
    await sweep(watcher)
    watch.now += OVERDUE_SECONDS - 0.01
    await sweep(watcher)
    assert watcher.rescues == 0
    watch.now += 0.01
    await sweep(watcher)
    assert watcher.rescues == 1


async def test_what_stands_behind_others_that_are_claimed_is_not_overdue(
    pool: asyncpg.Pool, flow: FlowRow, watch: Watch
) -> None:
    """The limit has room at every look, and at every look another one is the next."""
    async with pool.acquire() as connection:
        for _ in range(4):
            await create(connection, flow)
        await connection.execute("update queue set ready_at = ready_at - interval '1 hour'")
        watcher = sweeper(pool, limits=Limits(owner=1))
        for _ in range(4):
            await sweep(watcher)
            [own] = await claim(connection, "worker", 1)
            await one(connection, ending(own, "STOPPED"))
            watch.now += OVERDUE_SECONDS
    assert watcher.rescues == 0


async def told(pool: asyncpg.Pool, flow: FlowRow, wake_at: int = AT) -> str:
    """A parked parent whose child has reported, and whom nobody has woken."""
    async with pool.acquire() as connection:
        parent, _ = await family(connection, flow)
        [own] = await taken(connection, 1)
        await one(connection, parking(parent, wake_at=wake_at))
        await one(connection, reporting(own))
    return parent.execution_id


async def test_who_was_told_something_and_woken_by_nobody_is_woken_after_a_while_and_counted(
    pool: asyncpg.Pool, flow: FlowRow, watch: Watch
) -> None:
    parent, relatives = await told(pool, flow), family_at(pool)
    watcher = Sweeper(pool, 10.0, Slots(1, lambda: None), NO_LIMITS, lambda: None, relatives, Declined(pool, "watcher"))
    await sweep(watcher)
    watch.now += OVERDUE_SECONDS - 0.01
    await sweep(watcher)
    await relatives.stop()
    assert (watcher.rescues, await is_queued(pool, parent)) == (0, False)
    watch.now += 0.01
    await sweep(watcher)
    await relatives.stop()
    assert (watcher.rescues, await is_queued(pool, parent)) == (1, True)


async def test_who_is_told_something_new_at_every_look_was_not_overlooked(
    pool: asyncpg.Pool, flow: FlowRow, watch: Watch
) -> None:
    parent, watcher = await told(pool, flow), sweeper(pool)
    for _ in range(3):
        await sweep(watcher)
        watch.now += OVERDUE_SECONDS
        again = "insert into inbox (execution_id, kind, body) select execution_id, kind, body from old"
        await pool.execute(f"with old as (delete from inbox returning *) {again}")
    await sweep(watcher)
    assert (watcher.rescues, await is_queued(pool, parent)) == (0, False)


async def test_who_is_set_aside_for_a_while_is_left_there(pool: asyncpg.Pool, flow: FlowRow, watch: Watch) -> None:
    parent, watcher = await told(pool, flow, wake_at=1), sweeper(pool)
    await pool.execute("update timers set due_at = clock_timestamp() + interval '30 seconds'")
    for _ in range(2):
        await sweep(watcher)
        watch.now += OVERDUE_SECONDS
    assert (watcher.rescues, await is_queued(pool, parent)) == (0, False)
