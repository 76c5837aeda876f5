"""Commands: judged in order under the head's lock, kept in one statement (durability rule 4)."""

import asyncio
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from engine.errors import InvalidState, NotFound, RateLimited
from engine.status import ExecutionCommand
from storage.append import UNCHANGED, Member, Outcome, Projection
from storage.claims import Claim, claim, release_all, wake_due
from storage.commands import RULES, pending_commands, send_command
from storage.flows import FlowRow
from storage.pool import Connection
from tests.eventually import eventually
from tests.invariants import check_invariants
from tests.pauses import locked, paused
from tests.storage.appends import AT, claimed, ending, head, member, one, started
from tests.storage.seeds import create

START, STOP, SIGNAL = ExecutionCommand.START, ExecutionCommand.STOP, ExecutionCommand.SIGNAL
PAUSE = ExecutionCommand.PAUSE


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


async def send_on_its_own(pool: asyncpg.Pool, execution_id: str, command: ExecutionCommand) -> bool:
    """Send a command on another connection; False if it was refused."""
    async with pool.acquire() as own:
        try:
            await send_command(own, execution_id, command)
        except InvalidState:
            return False
        return True


async def test_a_second_start_is_refused_with_the_status_that_the_first_leads_to(
    connection: Connection, flow: FlowRow
) -> None:
    row = await create(connection, flow)
    assert (await send_command(connection, row.id, START)).seq == 1
    with pytest.raises(InvalidState, match="Cannot start an execution in status RUNNING") as refused:
        await send_command(connection, row.id, START)
    assert refused.value.status == "RUNNING"


async def test_a_refused_command_changes_nothing(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    row = await create(connection, flow)
    await send_command(connection, row.id, STOP)
    before = (
        await head(pool, row.id),
        await pool.fetch("select * from mailbox"),
        await pool.fetch("select * from queue"),
    )
    with pytest.raises(InvalidState):
        await send_command(connection, row.id, START)
    after = await head(pool, row.id), await pool.fetch("select * from mailbox"), await pool.fetch("select * from queue")
    assert after == before


async def test_stop_right_after_start_is_accepted_and_both_are_in_order(connection: Connection, flow: FlowRow) -> None:
    row = await create(connection, flow)
    assert [(await send_command(connection, row.id, each)).seq for each in (START, STOP)] == [1, 2]
    assert await pending_commands(connection, [row.id]) == {row.id: [START, STOP]}
    for late in (START, STOP):
        with pytest.raises(InvalidState) as refused:
            await send_command(connection, row.id, late)
        assert refused.value.status == "STOPPED"


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "STOPPED"])
async def test_after_the_end_every_command_is_refused_with_the_final_status(
    connection: Connection, flow: FlowRow, status: str
) -> None:
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, START)
    assert await one(connection, ending(own, status, rows=[started(0)], seen=1, consumed=1)) is Outcome.COMMITTED
    for command in RULES:
        with pytest.raises(InvalidState) as refused:
            await send_command(connection, own.execution_id, command)
        assert refused.value.status == status


async def test_a_step_is_for_what_is_paused_and_leaves_it_so(connection: Connection, flow: FlowRow) -> None:
    row = await create(connection, flow)
    for before in ("CREATED", "RUNNING"):
        with pytest.raises(InvalidState, match=f"Cannot step an execution in status {before}"):
            await send_command(connection, row.id, ExecutionCommand.STEP)
        await send_command(connection, row.id, START if before == "CREATED" else ExecutionCommand.PAUSE)
    sent = [ExecutionCommand.STEP, ExecutionCommand.STEP, ExecutionCommand.RESUME]
    assert [(await send_command(connection, row.id, each)).seq for each in sent] == [3, 4, 5]
    assert await pending_commands(connection, [row.id]) == {row.id: [START, ExecutionCommand.PAUSE, *sent]}


@pytest.mark.parametrize("command", [ExecutionCommand.SIGNAL, ExecutionCommand.SET_BREAKPOINTS])
async def test_what_changes_no_status_is_for_whatever_has_not_ended(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, command: ExecutionCommand
) -> None:
    row = await create(connection, flow)
    for status, leads_on in (("CREATED", START), ("RUNNING", ExecutionCommand.PAUSE), ("PAUSED", STOP)):
        await send_command(connection, row.id, command, {"payload": status})
        assert (await head(pool, row.id))["accepted_status"] == status
        await send_command(connection, row.id, leads_on)
    with pytest.raises(InvalidState) as refused:
        await send_command(connection, row.id, command)
    assert refused.value.status == "STOPPED"
    [own] = await claim(connection, "worker", 1)
    assert [letter.payload for letter in own.mail if letter.command is command] == [
        {"payload": "CREATED"},
        {"payload": "RUNNING"},
        {"payload": "PAUSED"},
    ]


@pytest.mark.parametrize("command", list(RULES))
async def test_an_unknown_execution_is_not_found(connection: Connection, command: ExecutionCommand) -> None:
    with pytest.raises(NotFound):
        await send_command(connection, "EX0", command)


async def test_of_many_concurrent_starts_exactly_one_is_accepted(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    for _ in range(10):
        row = await create(connection, flow)
        assert sum(await asyncio.gather(*(send_on_its_own(pool, row.id, START) for _ in range(6)))) == 1


async def test_of_two_starts_of_which_one_is_not_committed_yet_the_second_waits_and_is_refused(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    row = await create(connection, flow)
    async with paused(database_url, "insert", "mailbox") as pause:
        first = asyncio.create_task(send_on_its_own(pool, row.id, START))
        await pause.reached()
        second = asyncio.create_task(send_on_its_own(pool, row.id, START))
        await waits_for_a_lock(pool)
        assert not second.done()
        await pause.end()
        assert (await first, await second) == (True, False)


async def waits_for_a_lock(pool: asyncpg.Pool) -> None:
    query = """select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'transactionid')"""
    await eventually(lambda: pool.fetchval(query))


async def test_a_command_to_a_held_execution_queues_nothing_and_says_so(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    assert (await send_command(connection, own.execution_id, START)).is_held
    assert await pool.fetchval("select count(*) from queue") == 1


async def test_a_command_to_a_parked_execution_queues_it_in_the_same_statement(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    await one(connection, member(own, [], release=True, seen=0, wake_at=AT))
    assert not (await send_command(connection, own.execution_id, START)).is_held
    assert await pool.fetchval("select count(*) from queue where worker_id is null") == 1


async def test_a_command_that_comes_while_the_execution_is_being_parked_queues_it(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """The park has the head's lock first."""
    [own] = await claimed(connection, flow)
    async with paused(database_url, "delete", "queue") as pause:
        parking = asyncio.create_task(one(connection, member(own, [], release=True, seen=0, wake_at=AT)))
        await pause.reached()
        sending = asyncio.create_task(send_on_its_own(pool, own.execution_id, START))
        await waits_for_a_lock(pool)
        await pause.end()
        assert await parking is Outcome.COMMITTED
        assert await sending
    [again] = await claim(connection, "heir", 1)
    assert [letter.command for letter in again.mail] == [START]


async def test_a_park_that_comes_while_a_command_is_being_accepted_gives_way(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """The command has the head's lock first."""
    [own] = await claimed(connection, flow)
    parking = member(own, [], release=True, seen=0, wake_at=AT)
    async with paused(database_url, "insert", "mailbox") as pause:
        sending = asyncio.create_task(send_on_its_own(pool, own.execution_id, START))
        await pause.reached()
        assert await one(connection, parking) is Outcome.BUSY
        await pause.end()
        assert await sending
    assert await one(connection, parking) is Outcome.INTERRUPTED


async def test_a_command_that_comes_while_the_end_is_being_written_is_refused(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    [own] = await claimed(connection, flow)
    async with paused(database_url, "delete", "queue") as pause:
        writing = asyncio.create_task(one(connection, ending(own, "FAILED", seen=0)))
        await pause.reached()
        sending = asyncio.create_task(send_on_its_own(pool, own.execution_id, STOP))
        await waits_for_a_lock(pool)
        await pause.end()
        assert await writing is Outcome.COMMITTED
        assert not await sending


async def test_a_frozen_client_holds_up_commands_to_its_execution_only(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    frozen, other = await create(connection, flow), await create(connection, flow)
    async with locked(database_url, frozen.id):
        held_up = asyncio.create_task(send_on_its_own(pool, frozen.id, START))
        await waits_for_a_lock(pool)
        assert await send_on_its_own(pool, other.id, START)
        assert not held_up.done()
    assert await held_up


def applied(own: Claim, wake_at: int) -> Member:
    """What an owner writes that applies all commands it has seen: the end if one of them is STOP, else a park."""
    commands = [letter.command for letter in own.mail]
    seen = own.mail[-1].seq if own.mail else own.acknowledged
    rows = [started(own.last_index + 1)] if START in commands else []
    if STOP in commands:
        return ending(own, "STOPPED", rows=rows, seen=seen, consumed=seen)
    changes = Projection(status="RUNNING", started_at=AT) if rows else UNCHANGED
    return member(own, rows, release=True, seen=seen, consumed=seen, wake_at=wake_at, projection=changes)


async def test_commands_claims_appends_and_releases_hammered_together_never_deadlock(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """Whatever meets whatever: no 40P01, nothing lost, and in the end everybody's commands are there."""
    ids = [(await create(connection, flow)).id for _ in range(30)]
    accepted: list[str] = []
    dice = random.Random(7)

    async def commands() -> None:
        for _ in range(60):
            execution_id = dice.choice(ids)
            if await send_on_its_own(pool, execution_id, dice.choice([START, STOP])):
                accepted.append(execution_id)

    async def work(worker_id: str) -> None:
        async with pool.acquire() as own:
            for _ in range(40):
                for each in await claim(own, worker_id, dice.randint(1, 8)):
                    await one(own, applied(each, wake_at=dice.choice([1, AT])))
                await release_all(own, worker_id, lost=dice.random() < 0.5)

    async def timers() -> None:
        async with pool.acquire() as own:
            for _ in range(60):
                await wake_due(own, 100)

    await asyncio.gather(commands(), commands(), work("one"), work("two"), work("three"), timers())
    counts = await pool.fetch("select execution_id, count(*) as sent from mailbox group by 1")
    assert {row["execution_id"]: row["sent"] for row in counts} == {each: accepted.count(each) for each in accepted}
    assert await pool.fetchval("select deadlocks from pg_stat_database where datname = current_database()") == 0
    await release_all(connection, "one", lost=False)


async def fill(connection: Connection, execution_id: str, count: int, size: int) -> None:
    """Put signals with payloads of so many bytes into a mailbox, as if they had been accepted."""
    await connection.execute(
        "insert into mailbox (execution_id, seq, command, payload) select $1, n, 'SIGNAL', to_json(repeat('x', $3)) "
        "from generate_series(1, $2) as n",
        execution_id, count, size - 2,
    )  # fmt: skip
    await connection.execute("update execution_heads set mailbox_seq = $2 where execution_id = $1", execution_id, count)


@pytest.mark.parametrize(("count", "size"), [(999, 10), (2, 3 * 1024 * 1024)])
async def test_a_mailbox_that_nobody_empties_takes_only_so_much(
    connection: Connection, flow: FlowRow, count: int, size: int
) -> None:
    row = await create(connection, flow)
    await fill(connection, row.id, count, size)
    last = {"name": "go", "payload": "x" * (2 * 1024 * 1024)}
    assert (await send_command(connection, row.id, SIGNAL, last)).seq == count + 1
    with pytest.raises(RateLimited, match=f"Too many commands for {row.id} wait to be applied") as refused:
        await send_command(connection, row.id, SIGNAL, {"name": "go", "payload": None})
    assert refused.value.retry_after == 1
    assert len((await pending_commands(connection, [row.id]))[row.id]) == count + 1
    await connection.execute("update mailbox set applied = true where seq <= 1000")
    assert (await send_command(connection, row.id, SIGNAL, {"name": "go", "payload": None})).seq == count + 2


async def test_what_changes_the_status_is_accepted_by_a_full_mailbox(connection: Connection, flow: FlowRow) -> None:
    row, other = await create(connection, flow), await create(connection, flow)
    await fill(connection, row.id, 1_000, 10)
    for command in (START, PAUSE):
        await send_command(connection, row.id, command)
    for command in (SIGNAL, ExecutionCommand.STEP, ExecutionCommand.SET_BREAKPOINTS):
        with pytest.raises(RateLimited):
            await send_command(connection, row.id, command)
    await send_command(connection, other.id, SIGNAL, {"name": "go", "payload": None})
    for command in (ExecutionCommand.RESUME, STOP):
        await send_command(connection, row.id, command)
    assert (await pending_commands(connection, [row.id]))[row.id][-4:] == ["START", "PAUSE", "RESUME", "STOP"]
    with pytest.raises(InvalidState):
        await send_command(connection, row.id, SIGNAL, {"name": "go", "payload": None})


async def test_what_is_applied_is_not_pending_and_neither_is_the_end_of_a_child(
    connection: Connection, flow: FlowRow
) -> None:
    row = await create(connection, flow)
    await fill(connection, row.id, 1, 10)
    await connection.execute("update mailbox set applied = true")
    await connection.execute(
        "insert into inbox (execution_id, kind) select $1, unnest(array['CHILD_ENDED', 'PAUSE', 'RESUME'])", row.id
    )
    await send_command(connection, row.id, SIGNAL, {"name": "go", "payload": None})
    assert (await pending_commands(connection, [row.id]))[row.id] == ["SIGNAL", "PAUSE", "RESUME"]
    await connection.execute("delete from inbox")
