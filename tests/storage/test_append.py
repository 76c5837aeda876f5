"""The one append: who may write, what is written with it, and what it leaves alone (durability rules 1 and 3)."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from engine.status import ExecutionCommand
from engine.values import Payload
from storage.append import Outcome, Projection, Row, append
from storage.claims import claim
from storage.commands import send_command
from storage.flows import FlowRow
from storage.pool import Connection
from tests.invariants import check_invariants
from tests.pauses import late, locked
from tests.storage.appends import AT, claimed, ending, head, log_of, logs, member, one, set_token, started


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


async def test_the_owner_writes(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    [own] = await claimed(connection, flow)
    assert await one(connection, member(own, logs(0, 3))) is Outcome.COMMITTED
    assert (await head(pool, own.execution_id))["last_index"] == 2
    assert len(await log_of(pool, own.execution_id)) == 4


async def test_a_stale_token_writes_nothing_at_all(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    await set_token(pool, own.execution_id, "thief")
    before = await head(pool, own.execution_id)
    late = ending(own, rows=[started(0)], consumed=1, payloads=[Payload("0" * 64, b"1")])
    assert await one(connection, late) is Outcome.LOST
    assert await head(pool, own.execution_id) == before
    assert await log_of(pool, own.execution_id) == ["EXECUTION_CREATED"]
    assert await pool.fetchval("select count(*) from payloads") == 0
    assert await pool.fetchval("select status from executions") == "CREATED"
    assert await pool.fetchval("select count(*) from mailbox where applied") == 0
    assert await pool.fetchval("select worker_id from queue") == "thief"


async def test_of_two_owners_only_the_one_with_the_newer_token_writes(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    token = await set_token(pool, own.execution_id, "thief")
    old, new = member(own, logs(0, 1, "old")), member(own, logs(0, 1, "new"), token=token)
    assert [await one(connection, each) for each in (old, new, old)] == [
        Outcome.LOST,
        Outcome.COMMITTED,
        Outcome.LOST,
    ]
    data = await pool.fetchval("select data from execution_events where index = 0")
    assert '"new"' in data


async def test_two_owners_of_one_execution_in_one_batch_do_not_mix(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """As in a worker that was given up, does not know it, and has claimed the same execution again."""
    [own] = await claimed(connection, flow)
    token = await set_token(pool, own.execution_id, "worker")
    stale, valid = member(own, [], consumed=1), member(own, logs(0), token=token)
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    with pytest.raises(ValueError, match="twice"):
        await append(connection, [stale, valid])
    assert await pool.fetchval("select count(*) from mailbox where applied") == 0


async def test_an_append_beyond_the_end_of_the_log_is_refused(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    assert await one(connection, member(own, logs(5), expected_index=4)) is Outcome.LOST
    assert await log_of(pool, own.execution_id) == ["EXECUTION_CREATED"]


async def test_an_append_that_is_sent_again_is_committed_and_written_once(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    sent = member(own, logs(0, 2))
    assert [await one(connection, sent) for _ in range(3)] == [Outcome.COMMITTED] * 3
    assert len(await log_of(pool, own.execution_id)) == 3


async def test_a_release_that_is_sent_again_is_committed_although_the_claim_is_gone(
    connection: Connection, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    sent = ending(own)
    assert [await one(connection, sent) for _ in range(2)] == [Outcome.COMMITTED] * 2


async def test_a_locked_head_is_busy_and_the_others_are_written_at_once(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    claims = await claimed(connection, flow, 50)
    batch = [member(each) for each in claims]
    frozen = claims[20].execution_id
    async with locked(database_url, frozen):
        outcomes = await append(connection, batch)
    assert outcomes.pop(frozen) is Outcome.BUSY
    assert set(outcomes.values()) == {Outcome.COMMITTED}
    assert await one(connection, batch[20]) is Outcome.COMMITTED


async def test_a_lost_member_does_not_hold_up_the_batch(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    claims = await claimed(connection, flow, 10)
    await set_token(pool, claims[3].execution_id, "thief")
    outcomes = await append(connection, [member(each) for each in claims])
    assert outcomes.pop(claims[3].execution_id) is Outcome.LOST
    assert set(outcomes.values()) == {Outcome.COMMITTED}
    assert await log_of(pool, claims[3].execution_id) == ["EXECUTION_CREATED"]


async def test_an_unknown_execution_is_lost(connection: Connection, flow: FlowRow) -> None:
    [own] = await claimed(connection, flow)
    assert await one(connection, member(own, execution_id="EX0")) is Outcome.LOST


async def test_a_command_that_was_not_seen_goes_before_the_end(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    assert await one(connection, ending(own, "FAILED", seen=0)) is Outcome.INTERRUPTED
    assert await log_of(pool, own.execution_id) == ["EXECUTION_CREATED"]
    end = ending(own, rows=[started(0)], seen=1, consumed=1)
    assert await one(connection, end) is Outcome.COMMITTED


async def test_what_does_not_end_or_park_is_written_whatever_the_mailbox_has(
    connection: Connection, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    assert await one(connection, member(own)) is Outcome.COMMITTED


async def test_one_poisoned_member_fails_the_batch_and_nothing_of_it_is_written(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    claims = await claimed(connection, flow, 50)
    batch = [member(each) for each in claims]
    poison = Row(0, "NODE_DEBUG_LOG_STRING", "a", AT, '{"log":"\x00"}')
    batch[7] = member(claims[7], [poison])
    with pytest.raises(asyncpg.DataError) as refused:
        await append(connection, batch)
    assert refused.value.sqlstate[:2] == "22"
    assert await pool.fetchval("select count(*) from execution_events where index >= 0") == 0


async def test_exactly_the_acknowledged_commands_become_applied(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    await send_command(connection, own.execution_id, ExecutionCommand.STOP)
    changes = Projection(status="RUNNING", started_at=AT)
    assert await one(connection, member(own, [started(0)], consumed=1, projection=changes)) is Outcome.COMMITTED
    applied = await pool.fetch("select seq from mailbox where applied")
    assert [row["seq"] for row in applied] == [1]
    assert (await head(pool, own.execution_id))["accepted_status"] == "STOPPED"


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "STOPPED"])
async def test_after_the_end_the_accepted_status_is_the_final_one(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, status: str
) -> None:
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    await one(connection, ending(own, status, rows=[started(0)], seen=1, consumed=1))
    assert (await head(pool, own.execution_id))["accepted_status"] == status


async def test_a_park_leaves_a_timer_and_no_place_in_the_queue(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    await one(connection, member(own, release=True, seen=0, wake_at=AT))
    assert (await head(pool, own.execution_id))["token"] is None
    assert await pool.fetchval("select extract(epoch from due_at) * 1000 from timers") == AT
    assert await pool.fetchval("select count(*) from queue") == 0


async def test_a_release_to_others_queues_at_once(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    [own] = await claimed(connection, flow)
    await one(connection, member(own, release=True, requeue=True))
    assert await pool.fetchval("select count(*) from queue where worker_id is null") == 1
    [again] = await claim(connection, "another", 10)
    assert (again.execution_id, again.last_index, again.lost_worker_id) == (own.execution_id, 0, None)


async def test_the_payloads_of_a_tree_are_kept_once(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    claims = await claimed(connection, flow, 2)
    large, small = Payload("a" * 64, b'"large"'), Payload("b" * 64, b"1")
    await append(connection, [member(each, payloads=[large, small]) for each in claims])
    assert await pool.fetchval("select count(*) from payloads") == 4
    again = member(claims[0], logs(1), expected_index=0, payloads=[large])
    assert await one(connection, again) is Outcome.COMMITTED
    assert await pool.fetchval("select count(*) from payloads") == 4


async def test_the_end_is_projected(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    await one(connection, ending(own, rows=[started(0)], seen=1, consumed=1))
    row = await pool.fetchrow("select * from executions")
    assert row is not None
    assert (row["status"], row["outputs"], row["error"]) == ("COMPLETED", "{}", None)
    assert row["started_at"] == row["completed_at"]


async def test_the_count_of_lost_workers_is_projected_with_its_reason(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    data = '{"workerId":"worker","previousWorkerId":"lost","failureCount":1}'
    recovered = Row(0, "EXECUTION_RECOVERED", None, AT, data)
    await one(connection, member(own, [recovered], projection=Projection(failure_count=1)))
    row = await pool.fetchrow("select failure_count, last_failure_reason, last_failure_at, status from executions")
    assert row is not None
    assert (row["failure_count"], row["status"]) == (1, "CREATED")
    assert row["last_failure_reason"]
    assert row["last_failure_at"]


async def test_an_append_whose_snapshot_is_older_than_the_theft_writes_nothing(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """Between its snapshot and its lock the claim is taken away: it cannot tell yet, and may not write."""
    [own] = await claimed(connection, flow)
    stale = member(own)
    async with late(database_url, "=", "uuid") as (slow, pause):
        appending = asyncio.create_task(one(slow, stale))
        await pause.reached()
        await set_token(pool, own.execution_id, "thief")
        await pause.end()
        assert await appending is Outcome.BUSY
    assert await one(connection, stale) is Outcome.LOST
    assert await log_of(pool, own.execution_id) == ["EXECUTION_CREATED"]


async def test_an_append_whose_snapshot_is_older_than_its_own_first_try_writes_once(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """The resend of an append whose outcome was unknown, while the first try is still on its way to commit."""
    [own] = await claimed(connection, flow)
    sent = member(own)
    async with late(database_url, "=", "uuid") as (slow, pause):
        again = asyncio.create_task(one(slow, sent))
        await pause.reached()
        assert await one(connection, sent) is Outcome.COMMITTED
        await pause.end()
        assert await again is Outcome.BUSY
    assert await one(connection, sent) is Outcome.COMMITTED
    assert len(await log_of(pool, own.execution_id)) == 2


async def test_an_event_that_is_there_is_not_written_over(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """Should a head ever be behind its log, the log wins."""
    [own] = await claimed(connection, flow)
    await one(connection, member(own))
    await pool.execute("update execution_heads set last_index = -1, append_id = null")
    with pytest.raises(asyncpg.UniqueViolationError):
        await one(connection, member(own, append_id=uuid4()))
    await pool.execute("update execution_heads set last_index = 0")
