"""Claims that change hands by their token, and how it is kept that a process died which ran nothing else."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from engine.status import ExecutionCommand
from storage.append import Outcome, Projection, Row
from storage.claims import Claim, claim, release_all, take_over
from storage.commands import send_command
from storage.flows import FlowRow
from storage.pool import Connection
from storage.transaction import transaction
from tests.eventually import eventually
from tests.invariants import check_invariants
from tests.pauses import paused
from tests.storage.appends import AT, claimed, head, member, one

WAITS_FOR_A_LOCK = """select exists (select from pg_stat_activity where datname = current_database()
    and wait_event_type = 'Lock' and wait_event = 'transactionid')"""

DIED = "The process that ran nothing else died (signal SIGKILL)."


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


async def taken(pool: asyncpg.Pool, own: Claim, worker_id: str = "alone") -> Claim | None:
    async with transaction(pool) as connection:
        return await take_over(connection, worker_id, own.execution_id, own.token)


def recovered(index: int, count: int) -> Row:
    return Row(index, "EXECUTION_RECOVERED", None, AT, f'{{"workerId":"heir","failureCount":{count}}}')


async def test_a_claim_that_is_taken_over_is_the_same_under_a_fresh_token(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow, worker_id="host")
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    got = await taken(pool, own)
    assert got
    assert got.token != own.token
    assert (got.execution_id, got.last_index, got.options, got.inputs) == (
        own.execution_id,
        own.last_index,
        own.options,
        own.inputs,
    )
    assert [letter.command for letter in got.mail] == [ExecutionCommand.START]
    assert (await head(pool, own.execution_id))["worker_id"] == "alone"
    assert await one(connection, member(own)) is Outcome.LOST
    assert await one(connection, member(got)) is Outcome.COMMITTED


async def test_a_claim_that_is_not_valid_any_more_cannot_be_taken_over(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow, worker_id="host")
    await release_all(connection, "host", lost=True)
    assert await taken(pool, own) is None
    [heir] = await claim(connection, "heir", 1)
    assert await taken(pool, own) is None
    assert (await head(pool, own.execution_id))["token"] == heir.token


async def test_only_one_of_two_takes_a_claim_over(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    [own] = await claimed(connection, flow, worker_id="host")
    got = await asyncio.gather(*(taken(pool, own, f"alone-{number}") for number in range(8)))
    assert sum(each is not None for each in got) == 1


async def test_a_command_that_comes_while_a_claim_is_taken_over_is_known_to_its_new_owner(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """The command has the head locked when the claim is to move."""
    [own] = await claimed(connection, flow, worker_id="host")
    async with paused(database_url, "insert", "mailbox") as pause:
        sending = asyncio.create_task(_send(pool, own.execution_id))
        await pause.reached()
        taking = asyncio.create_task(taken(pool, own))
        await eventually(lambda: pool.fetchval(WAITS_FOR_A_LOCK))
        await pause.end()
        await sending
        got = await taking
    assert got
    assert (got.acknowledged, [letter.seq for letter in got.mail]) == (0, [1])


async def _send(pool: asyncpg.Pool, execution_id: str) -> None:
    async with pool.acquire() as own:
        await send_command(own, execution_id, ExecutionCommand.START)


async def test_how_a_process_died_is_said_until_somebody_has_written_it_down(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    await claimed(connection, flow, worker_id="alone")
    await release_all(connection, "alone", lost=True, alone=DIED)
    [set_aside] = await claim(connection, "second", 1)
    assert (set_aside.lost_worker_id, set_aside.lost_alone) == ("alone", DIED)
    await one(connection, member(set_aside, [], release=True, requeue=True))
    [heir] = await claim(connection, "heir", 1)
    assert heir.lost_alone == DIED
    counted = Projection(failure_count=1)
    await one(connection, member(heir, [recovered(0, 1)], projection=counted, release=True, requeue=True))
    [after] = await claim(connection, "next", 1)
    assert (after.lost_worker_id, after.lost_alone, after.failure_count) == (None, None, 1)
    reason = "select last_failure_reason from executions where id = $1"
    assert await pool.fetchval(reason, heir.execution_id) == DIED


async def test_a_worker_lost_among_others_is_blamed_on_nothing_also_after_one_that_died_alone(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """The second was lost before it had written down what became of the first."""
    [own] = await claimed(connection, flow, worker_id="alone")
    await release_all(connection, "alone", lost=True, alone=DIED)
    await claim(connection, "second", 1)
    await release_all(connection, "second", lost=True)
    [heir] = await claim(connection, "heir", 1)
    assert (heir.lost_worker_id, heir.lost_alone) == ("second", None)
    await one(connection, member(heir, [recovered(0, 1)], projection=Projection(failure_count=1)))
    reason = await pool.fetchval("select last_failure_reason from executions where id = $1", own.execution_id)
    assert reason == "The worker that ran it was lost."


async def test_a_worker_that_leaves_in_order_does_not_hide_how_a_process_died(
    connection: Connection, flow: FlowRow
) -> None:
    await claimed(connection, flow, worker_id="alone")
    await release_all(connection, "alone", lost=True, alone=DIED)
    await claim(connection, "leaving", 1)
    await release_all(connection, "leaving", lost=False)
    assert (await claim(connection, "heir", 1))[0].lost_alone == DIED


async def test_a_token_that_never_was_takes_nothing_over(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow, worker_id="host")
    async with transaction(pool) as other:
        assert await take_over(other, "thief", own.execution_id, uuid4()) is None
    assert (await head(pool, own.execution_id))["worker_id"] == "host"
