"""Limits of owners and flows (I15): never exceeded, never in the way of others, and fair to all the rest."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import asyncpg
import orjson
import pytest

from storage.append import Member, Outcome
from storage.claims import Claim, Limits, claim, claim_within, next_within, release_all
from storage.flows import FlowRow, create_flow
from storage.pool import Connection
from storage.queries import load
from storage.transaction import transaction
from tests.eventually import eventually
from tests.invariants import check_invariants
from tests.pauses import locked, paused
from tests.storage.appends import ending, member, one
from tests.storage.seeds import create

FLOOD = """
with execution as (
    insert into executions (id, flow_id, flow_version, owner_id, root_id, inputs, port_values, options)
    select id, $1, 1, $2, id, '{}', '[]', '{}' from (select 'EXFLOOD' || n as id from generate_series(1, $3) n) ids
    returning *
), head as (
    insert into execution_heads (execution_id) select id from execution
), event as (
    insert into execution_events (execution_id, index, type, timestamp, data)
    select id, -1, 'EXECUTION_CREATED', created_at, '{}' from execution
)
insert into queue (execution_id, owner_id, flow_id, flow_version, log_format, priority)
select id, owner_id, flow_id, flow_version, log_format, priority from execution
"""


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


async def flow_of(connection: Connection, owner: str) -> FlowRow:
    return await create_flow(connection, owner_id=owner, name="Sum", description=None, document={"nodes": []})


async def take(pool: asyncpg.Pool, limits: Limits, limit: int = 10, *, worker_id: str = "worker") -> list[Claim]:
    async with transaction(pool) as connection:
        return await claim_within(connection, limits, worker_id, limit)


async def take_all(pool: asyncpg.Pool, limits: Limits, limit: int = 10) -> list[Claim]:
    """Claim until nothing more is given, as a worker with many places does."""
    got: list[Claim] = []
    while claims := await take(pool, limits, limit):
        got += claims
    return got


def ids(claims: Sequence[Claim]) -> list[str]:
    return [each.execution_id for each in claims]


async def test_no_more_of_an_owner_are_claimed_than_its_limit(pool: asyncpg.Pool, connection: Connection) -> None:
    for owner in ("a", "b"):
        flow = await flow_of(connection, owner)
        for _ in range(10):
            await create(connection, flow)
    got = await take_all(pool, Limits(owner=3))
    assert Counter(each.owner_id for each in got) == {"a": 3, "b": 3}
    await one(connection, ending(got[0], "STOPPED"))
    again = await take_all(pool, Limits(owner=3))
    assert [each.owner_id for each in again] == [got[0].owner_id]


async def test_a_limit_of_a_flow_counts_the_executions_of_all_owners(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    for owner in ("ada", "bob", "cyd"):
        for _ in range(3):
            await create(connection, flow, owner_id=owner)
    got = await take_all(pool, Limits(flow=2))
    assert [each.owner_id for each in got] == ["ada", "bob"]
    await one(connection, requeued(got[0]))
    assert len(await take_all(pool, Limits(flow=2))) == 1


async def test_a_full_flow_does_not_hide_the_other_flows_of_its_owner(
    pool: asyncpg.Pool, connection: Connection
) -> None:
    full, other = await flow_of(connection, "ada"), await flow_of(connection, "ada")
    for _ in range(200):
        await create(connection, full, priority=5)
    single = await create(connection, other)
    got = await take_all(pool, Limits(flow=1), limit=1)
    assert Counter(each.flow_id for each in got) == {full.id: 1, other.id: 1}
    assert single.id in ids(got)


async def test_many_full_owners_do_not_hide_one_with_room(pool: asyncpg.Pool, connection: Connection) -> None:
    for n in range(120):
        flow = await flow_of(connection, f"full-{n:03}")
        for _ in range(2):
            await create(connection, flow)
    limits = Limits(owner=1)
    assert len(await take_all(pool, limits, limit=64)) == 120
    single = await create(connection, await flow_of(connection, "small"))
    assert ids(await take(pool, limits, 1)) == [single.id]


async def test_many_owners_of_a_full_flow_do_not_hide_one_of_another(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    for n in range(120):
        await create(connection, flow, owner_id=f"owner-{n:03}")
    limits = Limits(flow=1)
    assert len(await take_all(pool, limits)) == 1
    single = await create(connection, await flow_of(connection, "small"))
    assert ids(await take(pool, limits, 1)) == [single.id]


async def test_within_an_owner_priority_counts_and_then_age_also_over_flows(
    pool: asyncpg.Pool, connection: Connection
) -> None:
    flows = [await flow_of(connection, "ada"), await flow_of(connection, "ada")]
    made = [await create(connection, flows[n % 2], priority=priority) for n, priority in enumerate((0, 5, 0, 9, 5))]
    got: list[str] = []
    while claims := await take(pool, Limits(owner=1)):
        got += ids(claims)
        await one(connection, ending(claims[0], "STOPPED"))
    assert got == [made[n].id for n in (3, 1, 4, 0, 2)]


async def test_owners_take_turns_within_limits(pool: asyncpg.Pool, connection: Connection) -> None:
    for owner in ("a", "b", "c"):
        for _ in range(2):
            flow = await flow_of(connection, owner)
            for _ in range(20):
                await create(connection, flow)
    async with transaction(pool) as own:
        first = await claim_within(own, Limits(owner=4), "worker", 4, after_owner="a")
    assert [each.owner_id for each in first] == ["b", "c", "a", "b"]
    rest = await take_all(pool, Limits(owner=4))
    assert Counter(each.owner_id for each in [*first, *rest]) == {"a": 4, "b": 4, "c": 4}


@pytest.mark.parametrize("limits", [Limits(), Limits(owner=20), Limits(flow=20)], ids=["none", "owner", "flow"])
async def test_ten_thousand_of_one_owner_do_not_keep_the_one_of_another_waiting(
    pool: asyncpg.Pool, connection: Connection, limits: Limits
) -> None:
    greedy = await flow_of(connection, "greedy")
    await connection.execute(FLOOD, greedy.id, "greedy", 10_000)
    single = await create(connection, await flow_of(connection, "modest"))
    got = await take(pool, limits, 2) if limits.are_set else await claim(connection, "worker", 2)
    assert single.id in ids(got)


@pytest.mark.parametrize("limits", [Limits(owner=5), Limits(flow=5), Limits(5, 5)], ids=["owner", "flow", "both"])
async def test_the_work_of_a_claim_does_not_grow_with_how_many_wait(
    pool: asyncpg.Pool, connection: Connection, limits: Limits
) -> None:
    """Neither while there is room nor when the limit holds all of them back."""
    flow = await flow_of(connection, "greedy")
    for _ in range(100):
        await create(connection, flow)
    few = [await pages_of_a_claim(connection, limits)]
    taken = await take_all(pool, limits)
    few.append(await pages_of_a_claim(connection, limits))
    await connection.execute(FLOOD, flow.id, "greedy", 10_000)
    await connection.execute("analyze queue")
    many = [await pages_of_a_claim(connection, limits)]
    for each in taken:
        await one(connection, ending(each, "STOPPED"))
    many.append(await pages_of_a_claim(connection, limits))
    assert max(many) < 2 * max(few) + 100


async def pages_of_a_claim(connection: Connection, limits: Limits) -> int:
    """How many pages a claim looks at; it is taken back."""
    undone = connection.transaction()
    await undone.start()
    explained = f"explain (analyze, buffers, format json) {load('claims')['claim_within_limits']}"
    plan = orjson.loads(await connection.fetchval(explained, "worker", 64, "", *limits, "worker"))[0]["Plan"]
    await undone.rollback()
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def test_a_claim_waits_for_the_one_that_is_under_way_and_counts_what_it_took(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow, database_url: str
) -> None:
    for _ in range(10):
        await create(connection, flow)
    async with paused(database_url, "update", "queue") as pause:
        first = asyncio.create_task(take(pool, Limits(owner=3), 2, worker_id="first"))
        await pause.reached()
        second = asyncio.create_task(take(pool, Limits(owner=3), 2, worker_id="second"))
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        await eventually(lambda: _is(pool, waiting, 2))
        await pause.end()
        assert (len(await first), len(await second)) == (2, 1)


async def _is(pool: asyncpg.Pool, query: str, value: int) -> bool:
    return bool(await pool.fetchval(query) == value)


async def test_many_claimers_that_take_and_let_go_never_exceed_a_limit(
    pool: asyncpg.Pool, connection: Connection
) -> None:
    """Each counts, right after its own claim, what all of them hold."""
    limits = Limits(owner=3, flow=2)
    for owner in ("a", "b"):
        for flow in [await flow_of(connection, owner) for _ in range(2)]:
            for _ in range(25):
                await create(connection, flow)

    async def work(worker_id: str, dice: random.Random) -> int:
        ended = 0
        while claims := await take(pool, limits, dice.randint(1, 3), worker_id=worker_id):
            assert not await over(pool, limits)
            for each in claims:
                async with pool.acquire() as own:
                    assert await one(own, ending(each, "STOPPED")) is Outcome.COMMITTED
            ended += len(claims)
        return ended

    while await pool.fetchval("select count(*) from queue"):
        await asyncio.gather(*(work(f"worker-{n}", random.Random(n)) for n in range(6)))


async def over(pool: asyncpg.Pool, limits: Limits) -> list[asyncpg.Record]:
    """The owners and flows that hold more than they may."""
    query = """
        select 'owner', owner_id from queue where worker_id is not null group by 2 having count(*) > $1
        union all
        select 'flow', flow_id from queue where worker_id is not null group by 2 having count(*) > $2
        """
    return list(await pool.fetch(query, limits.owner or 1_000_000, limits.flow or 1_000_000))


@pytest.mark.parametrize("seed", range(12))
async def test_what_limits_allow_is_claimed_and_nothing_else(
    pool: asyncpg.Pool, connection: Connection, seed: int
) -> None:
    """Random owners, flows, priorities and limits; after each round nothing is left for which there is room."""
    dice = random.Random(seed)
    limits = Limits(dice.choice([None, 1, 2, 5]), dice.choice([1, 2, 5]))
    owners = [f"owner-{n}" for n in range(dice.randint(1, 6))]
    flows = [await flow_of(connection, dice.choice(owners)) for _ in range(dice.randint(1, 6))]
    for _ in range(60):
        await create(connection, dice.choice(flows), owner_id=dice.choice(owners), priority=dice.randint(0, 2))
    held: list[Claim] = []
    for _ in range(8):
        held += await take_all(pool, limits, dice.choice([1, 3, 64]))
        assert not await over(pool, limits)
        owner_held, flow_held = Counter(each.owner_id for each in held), Counter(each.flow_id for each in held)
        left = await pool.fetch("select owner_id, flow_id from queue where worker_id is null")
        for owner, flow in left:
            assert owner_held[owner] == limits.owner or flow_held[flow] == limits.flow
        assert await next_within(connection, limits, "worker") is None
        dice.shuffle(held)
        for each in held[: dice.randint(0, len(held))]:
            held.remove(each)
            await one(connection, ending(each, "STOPPED") if dice.random() < 0.5 else requeued(each))
    await release_all(connection, "worker", lost=False)


def requeued(given: Claim) -> Member:
    return member(given, [], release=True, requeue=True)


async def test_a_locked_head_is_passed_over_and_hides_nothing_behind_it(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow, database_url: str
) -> None:
    first, second = await create(connection, flow), await create(connection, flow)
    async with locked(database_url, first.id):
        assert ids(await take(pool, Limits(owner=1))) == [second.id]
    assert await take(pool, Limits(owner=1)) == []


async def test_what_is_taken_in_place_of_a_locked_head_exceeds_no_other_limit(
    pool: asyncpg.Pool, connection: Connection, database_url: str
) -> None:
    """The place of a locked head of one owner goes to a spare of another, who has room for one only."""
    first = await create(connection, await flow_of(connection, "b"))
    flow = await flow_of(connection, "a")
    for _ in range(5):
        await create(connection, flow)
    async with locked(database_url, first.id):
        assert [each.owner_id for each in await take_all(pool, Limits(owner=1))] == ["a"]
    assert ids(await take_all(pool, Limits(owner=1))) == [first.id]


async def test_what_is_next_is_told_with_the_time_since_when(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    limits = Limits(owner=1)
    first, second = await create(connection, flow), await create(connection, flow)
    found = await next_within(connection, limits, "worker")
    assert found
    assert found.execution_id == first.id
    assert await next_within(connection, limits, "worker", ready_for=60.0) is None
    [own] = await take(pool, limits)
    assert await next_within(connection, limits, "worker") is None
    await one(connection, requeued(own))
    found = await next_within(connection, limits, "worker")
    assert found
    assert found.execution_id == second.id


async def test_a_claimer_that_stands_still_in_the_middle_keeps_the_others_for_a_moment_only(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow, database_url: str
) -> None:
    row = await create(connection, flow)
    frozen = await asyncpg.connect(database_url)
    await frozen.execute("begin")
    assert ids(await claim_within(frozen, Limits(owner=1), "frozen", 1)) == [row.id]
    assert ids(await take(pool, Limits(owner=1), worker_id="other")) == [row.id]
    assert frozen.is_closed()


async def test_a_claim_within_limits_outside_of_a_transaction_is_refused(connection: Connection) -> None:
    with pytest.raises(ValueError, match="transaction"):
        await claim_within(connection, Limits(owner=1), "worker", 1)
