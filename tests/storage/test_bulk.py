"""One command for many executions: who is chosen, who refuses, and that nobody waits for anybody."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from engine.errors import Conflict, InvalidState, TidegateError
from engine.status import ExecutionCommand, ExecutionStatus
from storage.access import Reader
from storage.bulk import Commanded, command_all
from storage.claims import claim
from storage.commands import pending_commands, send_command
from storage.flows import FlowRow, create_flow
from storage.lists import ExecutionFilter
from storage.pool import Connection
from tests.eventually import PATIENCE, eventually
from tests.invariants import check_invariants
from tests.pauses import locked, paused
from tests.storage.appends import claimed, ending, head, member, one, started
from tests.storage.seeds import create

START, STOP, PAUSE, RESUME = (ExecutionCommand(name) for name in ("START", "STOP", "PAUSE", "RESUME"))
EVERYTHING = ExecutionFilter()


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


async def command(
    connection: Connection, what: ExecutionCommand, filter: ExecutionFilter = EVERYTHING, limit: int = 100
) -> Commanded:
    return await command_all(connection, Reader("ada"), filter, what, {"reason": "all"}, limit=limit)


async def made(connection: Connection, flow: FlowRow, count: int) -> list[str]:
    """New executions, the newest first."""
    return [(await create(connection, flow)).id for _ in range(count)][::-1]


def accepted(commanded: Commanded) -> list[str]:
    return [id for id, verdict in commanded.verdicts.items() if not isinstance(verdict, TidegateError)]


def refused(commanded: Commanded) -> dict[str, str]:
    """The status that each has refused the command in."""
    return {id: error.status for id, error in commanded.verdicts.items() if isinstance(error, InvalidState)}


async def pending(connection: Connection, ids: Sequence[str]) -> list[list[ExecutionCommand]]:
    commands = await pending_commands(connection, ids)
    return [commands[id] for id in ids]


async def test_a_bulk_command_is_in_the_mailbox_of_each_and_whom_nobody_holds_is_queued(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [held, parked] = await claimed(connection, flow, 2)
    await one(connection, member(parked, [], release=True, seen=0))
    stopped = await command(connection, STOP)
    assert accepted(stopped) == [parked.execution_id, held.execution_id]
    assert {id: verdict.is_held for id, verdict in stopped.verdicts.items() if not isinstance(verdict, Exception)} == {
        parked.execution_id: False,
        held.execution_id: True,
    }
    assert await pending(connection, list(stopped.verdicts)) == [[STOP], [STOP]]
    assert await pool.fetchval("select payload from mailbox limit 1") == '{"reason":"all"}'
    assert await pool.fetchval("select is_urgent from queue where execution_id = $1", parked.execution_id)
    [again] = await claim(connection, "heir", 9)
    assert [letter.command for letter in again.mail] == [STOP]


async def test_a_loop_until_there_is_no_more_reaches_each_once_although_nobody_applies_anything(
    connection: Connection, flow: FlowRow
) -> None:
    ids = await made(connection, flow, 7)
    rounds = []
    while True:
        rounds.append(await command(connection, STOP, limit=3))
        if not rounds[-1].has_more:
            break
    assert [accepted(each) for each in rounds] == [ids[:3], ids[3:6], ids[6:]]
    assert (await command(connection, STOP)).verdicts == {}
    assert not (await command(connection, STOP)).has_more


async def test_each_is_judged_as_if_its_accepted_commands_had_been_applied(
    connection: Connection, flow: FlowRow
) -> None:
    new, running = await made(connection, flow, 2)
    await send_command(connection, running, START)
    assert accepted(await command(connection, PAUSE)) == [running]
    assert accepted(await command(connection, PAUSE)) == []
    assert accepted(await command(connection, RESUME)) == [running]
    assert accepted(await command(connection, STOP)) == [new, running]
    assert accepted(await command(connection, RESUME)) == []
    assert await pending(connection, [new, running]) == [[STOP], [START, PAUSE, RESUME, STOP]]


async def test_statuses_that_are_named_are_asked_even_if_they_refuse_and_who_refuses_is_never_more(
    connection: Connection, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, START)
    await one(connection, ending(own, rows=[started(0)], seen=1, consumed=1))
    [new] = await made(connection, flow, 1)
    everywhere = ExecutionFilter(statuses=list(ExecutionStatus))
    both = await command(connection, STOP, everywhere)
    assert (accepted(both), refused(both)) == ([new], {own.execution_id: "COMPLETED"})
    again = await command(connection, STOP, everywhere, limit=1)
    assert (refused(again), again.has_more) == ({new: "STOPPED"}, False)
    assert (await command(connection, STOP, ExecutionFilter(statuses=[]))).verdicts == {}
    assert (await command(connection, STOP)).verdicts == {}


async def test_who_can_accept_comes_before_newer_ones_that_refuse(connection: Connection, flow: FlowRow) -> None:
    _, _, running = ids = await made(connection, flow, 3)
    await send_command(connection, running, START)
    asked = await command(connection, PAUSE, ExecutionFilter(statuses=[ExecutionStatus.CREATED]), limit=2)
    assert list(asked.verdicts) == [running, ids[0]]
    assert (refused(asked), asked.has_more) == ({ids[0]: "CREATED"}, False)


async def test_anothers_executions_are_not_chosen(connection: Connection, flow: FlowRow) -> None:
    foreign = await create_flow(connection, owner_id="eve", name="Eve's", description=None, document={})
    await create(connection, foreign, owner_id="eve")
    assert (await command(connection, STOP)).verdicts == {}


async def test_two_bulk_commands_for_the_same_executions_at_once_are_accepted_once_each(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    ids = await made(connection, flow, 20)

    async def stop() -> Commanded:
        async with pool.acquire() as own:
            return await command(own, STOP)

    async with paused(database_url, "insert", "mailbox") as pause:
        first = asyncio.create_task(stop())
        await pause.reached()
        second = asyncio.create_task(stop())
        await eventually(lambda: pool.fetchval(WAITS_FOR_A_HEAD))
        await pause.end()
        one, two = await first, await second
    assert accepted(one) == ids
    assert refused(two) == dict.fromkeys(ids, "STOPPED")
    assert await pool.fetchval("select count(*) from mailbox") == 20
    assert await pool.fetchval("select deadlocks from pg_stat_database where datname = current_database()") == 0


WAITS_FOR_A_HEAD = """select exists (select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'transactionid')"""


async def test_a_head_that_somebody_holds_holds_up_no_other_and_is_asked_once_it_is_free(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    ids = await made(connection, flow, 3)
    async with locked(database_url, ids[1]):
        stopping = asyncio.create_task(command(connection, STOP))
        await eventually(lambda: pool.fetchval(WAITS_FOR_A_HEAD))
        assert [(await head(pool, id))["mailbox_seq"] for id in ids] == [1, 0, 1]
    assert accepted(await stopping) == ids


async def test_a_head_that_stays_held_is_a_conflict_and_still_to_be_asked(
    connection: Connection, flow: FlowRow, database_url: str
) -> None:
    ids = await made(connection, flow, 2)
    await connection.execute("set lock_timeout = '50ms'")
    async with locked(database_url, ids[0]):
        stopped = await command(connection, STOP)
    await connection.execute("reset lock_timeout")
    assert isinstance(stopped.verdicts[ids[0]], Conflict)
    assert (accepted(stopped), stopped.has_more) == ([ids[1]], True)
    rest = await command(connection, STOP)
    assert (accepted(rest), rest.has_more) == ([ids[0]], False)


async def test_bulk_commands_and_workers_hammered_together_never_deadlock_and_lose_nothing(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    ids = await made(connection, flow, 30)
    for id in ids:
        await send_command(connection, id, START)
    sent: list[str] = []

    async def commands(what: ExecutionCommand) -> None:
        async with pool.acquire() as own:
            for _ in range(8):
                sent.extend(accepted(await command(own, what, limit=20)))

    async def work(worker_id: str) -> None:
        async with pool.acquire() as own:
            for _ in range(12):
                for each in await claim(own, worker_id, 8):
                    await one(own, member(each, [], release=True, seen=each.mail[-1].seq, requeue=True))

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(commands(PAUSE), commands(RESUME), commands(PAUSE), work("one"), work("two"))
    counts = await pool.fetch("select execution_id, count(*) - 1 as sent from mailbox group by 1")
    assert {row["execution_id"]: row["sent"] for row in counts} == {id: sent.count(id) for id in ids}
    assert await pool.fetchval("select deadlocks from pg_stat_database where datname = current_database()") == 0
