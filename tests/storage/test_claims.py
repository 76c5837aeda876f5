"""Claims: who gets what is ready, in what order, and who owns it from then on (durability rule 6)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from engine.status import ExecutionCommand
from storage.append import Outcome
from storage.claims import claim, is_anything_waiting, is_overdue, release_all, seconds_to_next_due, wake_due
from storage.commands import send_command
from storage.flows import FlowRow, create_flow
from storage.pool import Connection
from tests.eventually import eventually
from tests.invariants import check_invariants
from tests.pauses import late, locked, paused
from tests.storage.appends import AT, claimed, ending, head, member, one
from tests.storage.seeds import create


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


async def flow_of(connection: Connection, owner: str) -> FlowRow:
    return await create_flow(connection, owner_id=owner, name="Sum", description=None, document={"nodes": []})


async def owner_of(pool: asyncpg.Pool, execution_id: str) -> str:
    return str(await pool.fetchval("select owner_id from executions where id = $1", execution_id))


async def park(connection: Connection, flow: FlowRow, wake_at: int | None) -> str:
    """An execution that was claimed and parked."""
    [own] = await claimed(connection, flow)
    assert await one(connection, member(own, [], release=True, seen=0, wake_at=wake_at)) is Outcome.COMMITTED
    return own.execution_id


def milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)


async def test_a_claim_has_all_that_its_owner_needs(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    row = await create(connection, flow, inputs={"n": 1}, priority=3, integration={"a": [1]})
    await send_command(connection, row.id, ExecutionCommand.START)
    await send_command(connection, row.id, ExecutionCommand.STOP, {"reason": "no"})
    [own] = await claim(connection, "worker", 10)
    assert (own.execution_id, own.flow_id, own.flow_version, own.root_id) == (row.id, flow.id, 1, row.id)
    assert (own.last_index, own.acknowledged, own.lost_worker_id, own.failure_count) == (-1, 0, None, 0)
    assert (own.inputs, own.integration) == ({"n": 1}, {"a": [1]})
    assert [(letter.seq, letter.command, letter.payload) for letter in own.mail] == [
        (1, ExecutionCommand.START, None),
        (2, ExecutionCommand.STOP, {"reason": "no"}),
    ]
    assert abs((own.now - datetime.now(UTC)).total_seconds()) < 60
    stored = await head(pool, row.id)
    assert (stored["token"], stored["worker_id"]) == (own.token, "worker")


async def test_each_claim_has_a_fresh_token(connection: Connection, flow: FlowRow) -> None:
    tokens = set()
    await create(connection, flow)
    for _ in range(3):
        [own] = await claim(connection, "worker", 1)
        tokens.add(own.token)
        await release_all(connection, "worker", lost=False)
    assert len(tokens) == 3


async def test_a_claim_says_which_commands_the_log_has_acknowledged(connection: Connection, flow: FlowRow) -> None:
    row = await create(connection, flow)
    await send_command(connection, row.id, ExecutionCommand.START)
    [own] = await claim(connection, "worker", 1)
    await one(connection, member(own, [], consumed=1, release=True, requeue=True))
    await send_command(connection, row.id, ExecutionCommand.STOP)
    [again] = await claim(connection, "worker", 1)
    assert (again.acknowledged, [letter.seq for letter in again.mail]) == (1, [2])
    await one(connection, member(again, [], consumed=2, release=True, requeue=True))
    [last] = await claim(connection, "worker", 1)
    assert (last.acknowledged, last.mail) == (2, ())
    # Nothing has acknowledged these commands in the log, which is not what this test is about.
    await connection.execute("delete from mailbox")
    await connection.execute("update execution_heads set mailbox_seq = 0, accepted_status = 'CREATED'")


async def test_many_claimers_never_get_the_same_execution(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    for _ in range(200):
        await create(connection, flow)

    async def take(worker_id: str) -> list[str]:
        got: list[str] = []
        async with pool.acquire() as own:
            while claims := await claim(own, worker_id, 7):
                got += [each.execution_id for each in claims]
        return got

    got = await asyncio.gather(*(take(f"worker-{n}") for n in range(8)))
    counted = Counter(execution for each in got for execution in each)
    assert len(counted) == sum(counted.values())
    left = await pool.fetchval("select count(*) from queue where worker_id is null")
    assert len(counted) + left == 200


async def test_two_claims_at_the_same_moment_share_what_is_there(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """The first is held up with its locks; the second passes them over instead of waiting."""
    for _ in range(10):
        await create(connection, flow)
    async with paused(database_url, "update", "queue") as pause:
        first = asyncio.create_task(_claim_on_its_own(pool, "first", 4))
        await pause.reached()
        second = asyncio.create_task(_claim_on_its_own(pool, "second", 4))
        await pause.reached(times=2)
        await pause.end()
        mine, others = await first, await second
    assert len(mine) == len(others) == 4
    assert not set(mine) & set(others)


async def _claim_on_its_own(pool: asyncpg.Pool, worker_id: str, limit: int) -> list[str]:
    async with pool.acquire() as own:
        return [each.execution_id for each in await claim(own, worker_id, limit)]


async def test_a_single_execution_of_one_owner_comes_before_the_second_of_another(
    connection: Connection, pool: asyncpg.Pool
) -> None:
    greedy, modest = await flow_of(connection, "greedy"), await flow_of(connection, "modest")
    for _ in range(200):
        await create(connection, greedy)
    single = await create(connection, modest)
    first = await claim(connection, "worker", 2)
    assert single.id in {each.execution_id for each in first}


async def test_owners_take_turns(connection: Connection, pool: asyncpg.Pool) -> None:
    flows = [await flow_of(connection, owner) for owner in ("a", "b", "c")]
    for flow, count in zip(flows, (50, 20, 3), strict=True):
        for _ in range(count):
            await create(connection, flow)
    got = Counter([await owner_of(pool, each.execution_id) for each in await claim(connection, "worker", 12)])
    assert got == {"a": 5, "b": 4, "c": 3} or got == {"a": 4, "b": 5, "c": 3}


async def test_many_owners_all_get_their_turn_from_a_worker_with_one_place(connection: Connection) -> None:
    owners = {f"owner-{n:02}" for n in range(20)}
    for owner in sorted(owners):
        flow = await flow_of(connection, owner)
        for _ in range(3):
            await create(connection, flow)
    served: list[str] = []
    for _ in range(20):
        [own] = await claim(connection, "worker", 1, after_owner=served[-1] if served else "")
        served.append(own.owner_id)
    assert set(served) == owners


async def test_within_an_owner_priority_counts_and_then_age(connection: Connection, flow: FlowRow) -> None:
    ids = [(await create(connection, flow, priority=priority)).id for priority in (0, 5, 0, 9, 5)]
    got = [each.execution_id for _ in range(5) for each in await claim(connection, "worker", 1)]
    assert got == [ids[n] for n in (3, 1, 4, 0, 2)]


async def test_a_locked_head_is_passed_over_and_hides_nothing_behind_it(
    connection: Connection, flow: FlowRow, database_url: str
) -> None:
    first, second = await create(connection, flow), await create(connection, flow)
    async with locked(database_url, first.id):
        assert [each.execution_id for each in await claim(connection, "worker", 1)] == [second.id]
    assert [each.execution_id for each in await claim(connection, "worker", 1)] == [first.id]


async def test_what_nobody_can_claim_now_is_still_there_later(
    connection: Connection, flow: FlowRow, database_url: str
) -> None:
    row = await create(connection, flow)
    async with locked(database_url, row.id):
        assert await claim(connection, "worker", 10) == []
    assert len(await claim(connection, "worker", 10)) == 1


async def test_a_command_that_comes_while_a_claim_is_under_way_waits_and_is_not_lost(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    row = await create(connection, flow)
    async with paused(database_url, "update", "queue") as pause:
        claiming = asyncio.create_task(_claim_on_its_own(pool, "worker", 1))
        await pause.reached()
        sending = asyncio.create_task(send_command(connection, row.id, ExecutionCommand.START))
        await _waits_for_a_lock(pool)
        await pause.end()
        assert await claiming == [row.id]
        accepted = await sending
    assert accepted.is_held


async def test_a_claim_that_comes_while_a_command_is_being_accepted_passes_it_over(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    row = await create(connection, flow)
    async with paused(database_url, "insert", "mailbox") as pause:
        sending = asyncio.create_task(send_command(connection, row.id, ExecutionCommand.START))
        await pause.reached()
        assert await _claim_on_its_own(pool, "worker", 1) == []
        await pause.end()
        assert not (await sending).is_held
    async with pool.acquire() as own:
        [got] = await claim(own, "worker", 1)
    assert [letter.command for letter in got.mail] == [ExecutionCommand.START]


async def _waits_for_a_lock(pool: asyncpg.Pool) -> None:
    query = """select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'transactionid')"""
    await eventually(lambda: pool.fetchval(query))


async def test_a_claim_whose_snapshot_is_older_than_the_head_takes_nothing(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """Between its snapshot and its locks another owner applies a command and hands on."""
    row = await create(connection, flow)
    await send_command(connection, row.id, ExecutionCommand.START)
    async with late(database_url, ">", "text") as (slow, pause):
        claiming = asyncio.create_task(claim(slow, "late", 1))
        await pause.reached()
        [own] = await claim(connection, "first", 1)
        await one(connection, member(own, [], consumed=1, release=True, requeue=True))
        await pause.end()
        assert await claiming == []
    [again] = await claim(connection, "second", 1)
    assert (again.acknowledged, again.mail) == (1, ())
    # Nothing has acknowledged the start in the log, which is not what this test is about.
    await pool.execute("delete from mailbox")
    await pool.execute("update execution_heads set mailbox_seq = 0, accepted_status = 'CREATED'")


async def test_a_wake_up_whose_snapshot_is_older_than_the_timer_queues_nothing(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """Between its snapshot and its locks the execution is woken by another, runs and ends."""
    due = await park(connection, flow, 1)
    async with late(database_url, "<=", "timestamptz") as (slow, pause):
        waking = asyncio.create_task(wake_due(slow, 10))
        await pause.reached()
        assert (await wake_due(connection, 10)).woken == 1
        [own] = await claim(connection, "worker", 1)
        assert await one(connection, ending(own, "STOPPED")) is Outcome.COMMITTED
        await pause.end()
        assert (await waking).woken == 0
    assert await pool.fetchval("select count(*) from queue") == 0
    assert (await head(pool, due))["accepted_status"] == "STOPPED"


async def test_parked_executions_are_woken_when_their_time_has_come(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    past, future = milliseconds(datetime.now(UTC)) - 10, AT
    due, later = await park(connection, flow, past), await park(connection, flow, future)
    assert await is_anything_waiting(connection) is False
    assert (await wake_due(connection, 10)).woken == 1
    assert [each.execution_id for each in await claim(connection, "worker", 10)] == [due]
    assert (await wake_due(connection, 10)).woken == 0
    seconds = await seconds_to_next_due(connection)
    assert seconds
    assert seconds > 0
    assert (await head(pool, later))["token"] is None


async def test_a_timer_of_an_execution_that_somebody_locks_is_left_for_the_next_time(
    connection: Connection, flow: FlowRow, database_url: str
) -> None:
    due = await park(connection, flow, 1)
    async with locked(database_url, due):
        assert (await wake_due(connection, 10)).woken == 0
    assert (await wake_due(connection, 10)).woken == 1


async def test_many_that_wake_at_once_queue_each_execution_once(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    for each in await claimed(connection, flow, 100):
        await one(connection, member(each, [], release=True, seen=0, wake_at=1))

    async def wake() -> int:
        async with pool.acquire() as own:
            return (await wake_due(own, 30)).woken

    woken = 0
    while await seconds_to_next_due(connection) is not None:
        woken += sum(await asyncio.gather(*(wake() for _ in range(4))))
    assert woken == 100
    assert await pool.fetchval("select count(*) from queue where worker_id is null") == 100


async def test_a_command_wakes_a_parked_execution_and_takes_its_timer_along(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    parked = await park(connection, flow, AT)
    assert not (await send_command(connection, parked, ExecutionCommand.STOP)).is_held
    assert [each.execution_id for each in await claim(connection, "worker", 1)] == [parked]
    assert await seconds_to_next_due(connection) is None


async def test_a_wake_up_of_what_is_being_claimed_changes_nothing(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """A timer and a command at the same moment: the claim holds the head when the timer is looked at."""
    parked = await park(connection, flow, 1)
    await send_command(connection, parked, ExecutionCommand.START)
    async with paused(database_url, "update", "queue") as pause:
        claiming = asyncio.create_task(_claim_on_its_own(pool, "worker", 1))
        await pause.reached()
        assert (await wake_due(connection, 10)).woken == 0
        await pause.end()
        assert await claiming == [parked]
    assert (await wake_due(connection, 10)).woken == 0


async def test_what_a_lost_worker_held_is_free_and_says_whose_it_was(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    await claimed(connection, flow, 3, worker_id="lost")
    await create(connection, flow)
    [other] = await claim(connection, "other", 1)
    assert await release_all(connection, "lost", lost=True) == (3, 0)
    again = await claim(connection, "heir", 10)
    assert [each.lost_worker_id for each in again] == ["lost"] * 3
    assert (await head(pool, other.execution_id))["worker_id"] == "other"


async def test_whose_it_was_is_said_until_somebody_has_written_it_down(connection: Connection, flow: FlowRow) -> None:
    await claimed(connection, flow, worker_id="lost")
    await release_all(connection, "lost", lost=True)
    for worker_id in ("second", "third"):
        [own] = await claim(connection, worker_id, 1)
        assert own.lost_worker_id == "lost"
        await one(connection, member(own, [], release=True, requeue=True))
    [heir] = await claim(connection, "heir", 1)
    await one(connection, member(heir, release=True, requeue=True))
    assert (await claim(connection, "next", 1))[0].lost_worker_id is None


async def test_what_a_worker_gives_back_does_not_count_as_lost(connection: Connection, flow: FlowRow) -> None:
    await claimed(connection, flow, 2, worker_id="leaving")
    assert await release_all(connection, "leaving", lost=False) == (2, 0)
    assert {each.lost_worker_id for each in await claim(connection, "heir", 10)} == {None}


async def test_a_locked_head_does_not_keep_the_rest_of_a_worker_from_being_freed(
    connection: Connection, flow: FlowRow, database_url: str
) -> None:
    claims = await claimed(connection, flow, 5, worker_id="lost")
    async with locked(database_url, claims[2].execution_id):
        assert await release_all(connection, "lost", lost=True) == (4, 1)
    assert await release_all(connection, "lost", lost=True) == (1, 0)


async def test_an_append_that_is_under_way_when_its_claim_is_taken_is_whole_or_not_there(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    [own] = await claimed(connection, flow, worker_id="slow")
    async with paused(database_url, "insert", "execution_events") as pause:
        appending = asyncio.create_task(_append_on_its_own(pool, member(own)))
        await pause.reached()
        assert await release_all(connection, "slow", lost=True) == (0, 1)
        await pause.end()
        assert await appending is Outcome.COMMITTED
    assert await release_all(connection, "slow", lost=True) == (1, 0)
    assert await one(connection, member(own, expected_index=0, rows=[])) is Outcome.LOST
    [heir] = await claim(connection, "heir", 1)
    assert (heir.last_index, heir.lost_worker_id) == (0, "slow")


async def _append_on_its_own(pool: asyncpg.Pool, given: object) -> Outcome:
    async with pool.acquire() as own:
        return await one(own, given)  # type: ignore[arg-type]


async def test_something_overdue_is_noticed(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    await create(connection, flow)
    assert await is_overdue(connection, 60.0) is False
    await pool.execute("update queue set ready_at = ready_at - interval '2 minutes'")
    assert await is_overdue(connection, 60.0) is True
    await claim(connection, "worker", 1)
    assert await is_overdue(connection, 60.0) is False
