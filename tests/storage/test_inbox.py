"""What families tell each other: who gets which letter, and that each is acted on once, by its owner alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from engine.status import ExecutionCommand
from storage.append import Member, Outcome, Projection, Row, append
from storage.claims import Claim, take_over
from storage.commands import pending_commands, send_command
from storage.flows import FlowRow
from storage.inbox import InboxKind, discard_dead_letters, forgotten, read_inbox, wake_family
from storage.pool import Connection
from tests.invariants import check_invariants
from tests.pauses import locked
from tests.storage.appends import AT, claimed, ending, head, member, one, set_token
from tests.storage.families import after, child, family, inbox_of, reporting, spawning, taken, with_children

CHILD_ENDED = InboxKind.CHILD_ENDED
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


# --- orders -----------------------------------------------------------------------------------------------------------


async def test_an_order_reaches_exactly_the_direct_children_that_have_not_ended(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow, 3)
    ended, middle, waiting = await taken(connection, 3)
    _, [grandchild] = await with_children(connection, middle)
    _, [foreign] = await family(connection, flow)
    assert await one(connection, reporting(ended)) is Outcome.COMMITTED
    order = member(root, order=InboxKind.PAUSE, order_body='{"reason":"lunch"}')
    assert await one(connection, order) is Outcome.COMMITTED
    told = await read_inbox(
        connection,
        [root.execution_id, ended.execution_id, middle.execution_id, waiting.execution_id, grandchild, foreign],
    )
    assert {each for each, rows in told.items() if rows} == {
        root.execution_id, middle.execution_id, waiting.execution_id,
    }  # fmt: skip
    [letter] = told[middle.execution_id]
    assert (letter.kind, letter.body) == (InboxKind.PAUSE, {"reason": "lunch"})


async def test_a_child_that_is_born_with_an_order_is_not_told_of_it(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, [older] = await family(connection, flow)
    newborn = child(root, 1)
    await one(connection, spawning(root, [newborn], order=InboxKind.RESUME))
    assert (await inbox_of(pool, older), await inbox_of(pool, newborn.id)) == (["RESUME"], [])


async def test_orders_come_in_the_order_in_which_they_were_given(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, [own] = await family(connection, flow)
    for kind in (InboxKind.PAUSE, InboxKind.RESUME, InboxKind.PAUSE):
        order = member(root, order=kind)
        assert await one(connection, order) is Outcome.COMMITTED
        root = after(root, order)
    assert await inbox_of(pool, own) == ["PAUSE", "RESUME", "PAUSE"]


async def test_the_end_of_a_parent_tells_its_children_to_stop(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, children = await family(connection, flow, 2)
    end = ending(root, "STOPPED", order=InboxKind.STOP, order_body='{"reason":"no"}')
    assert await one(connection, end) is Outcome.COMMITTED
    assert [await inbox_of(pool, each) for each in children] == [["STOP"]] * 2
    assert await pending_commands(connection, children) == {
        each: [ExecutionCommand.START, ExecutionCommand.STOP] for each in children
    }


async def test_a_stale_owner_tells_nobody_anything_and_takes_no_letter_away(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    await family(connection, flow)
    [middle] = await taken(connection, 1)
    middle, [grandchild] = await with_children(connection, middle)
    [lowest] = await taken(connection, 1)
    await one(connection, reporting(lowest))
    [letter] = (await read_inbox(connection, [middle.execution_id]))[middle.execution_id]
    await set_token(pool, middle.execution_id, "thief")
    stale = reporting(middle, "STOPPED", order=InboxKind.STOP, read=[letter.id])
    assert await one(connection, stale) is Outcome.LOST
    assert await inbox_of(pool, middle.execution_id) == ["CHILD_ENDED"]
    assert await pool.fetchval("select count(*) from inbox") == 1
    assert grandchild == lowest.execution_id


# --- reports ----------------------------------------------------------------------------------------------------------


async def test_a_report_goes_to_the_parent_and_a_root_has_nobody_to_report_to(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, reporting(own))
    [letter] = (await read_inbox(connection, [root.execution_id]))[root.execution_id]
    assert (letter.kind, letter.body) == (
        InboxKind.CHILD_ENDED,
        {"childExecutionId": own.execution_id, "outputs": {}},
    )
    assert await one(connection, ending(root, "STOPPED", report="{}")) is Outcome.COMMITTED
    assert await pool.fetchval("select count(*) from inbox") == 0


async def test_a_report_does_not_wait_for_a_parent_whose_head_somebody_holds(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    async with locked(database_url, root.execution_id):
        assert await one(connection, reporting(own)) is Outcome.COMMITTED
        assert await wake_family(connection, [own.execution_id]) == (0, [root.execution_id])


async def test_the_reports_of_many_children_at_once_are_all_there(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow, 60)
    ends = [reporting(each) for each in await taken(connection, 60)]

    async def end(members: list[Member]) -> None:
        async with pool.acquire() as own:
            assert set((await append(own, members)).values()) == {Outcome.COMMITTED}

    await asyncio.gather(*(end(ends[first::4]) for first in range(4)))
    told = (await read_inbox(connection, [root.execution_id]))[root.execution_id]
    assert {letter.body["childExecutionId"] for letter in told} == {each.execution_id for each in ends}
    assert len(told) == 60


# --- reading ----------------------------------------------------------------------------------------------------------


async def test_exactly_the_letters_that_were_acted_on_are_gone(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, [own] = await family(connection, flow)
    for kind in (InboxKind.PAUSE, InboxKind.RESUME, InboxKind.STOP):
        order = member(root, order=kind)
        await one(connection, order)
        root = after(root, order)
    [reader] = await taken(connection, 1)
    assert reader.execution_id == own
    act = member(reader, read=sorted(letter.id for letter in reader.inbox)[:2])
    assert [await one(connection, act) for _ in range(2)] == [Outcome.COMMITTED] * 2
    assert await inbox_of(pool, own) == ["STOP"]


async def test_nobody_takes_the_letters_of_another_away(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, children = await family(connection, flow, 2)
    await one(connection, member(root, order=InboxKind.PAUSE))
    first, second = await taken(connection, 2)
    outcomes = await append(connection, [member(first, read=[second.inbox[0].id]), member(second)])
    assert set(outcomes.values()) == {Outcome.COMMITTED}
    assert [await inbox_of(pool, each) for each in children] == [["PAUSE"]] * 2


async def test_the_end_leaves_no_letter_behind_and_what_comes_later_is_discarded(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow, 2)
    early, late = await taken(connection, 2)
    await one(connection, reporting(early))
    assert await one(connection, ending(root, "FAILED", order=InboxKind.STOP)) is Outcome.COMMITTED
    assert await inbox_of(pool, root.execution_id) == []
    assert await discard_dead_letters(connection, 10) == 0
    await one(connection, reporting(late))
    assert await wake_family(connection, [late.execution_id]) == (0, [])
    assert await forgotten(connection, 10, within=0) == []
    assert await discard_dead_letters(connection, 10) == 1
    assert await pool.fetchval("select count(*) from inbox") == 0


# --- the status -------------------------------------------------------------------------------------------------------


async def test_a_command_that_changes_no_status_does_not_hide_a_pause_that_came_first(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """A signal is on its way when a breakpoint is hit: once it is acknowledged, the execution can be resumed."""
    [own] = await claimed(connection, flow)
    await send_command(connection, own.execution_id, ExecutionCommand.START)
    start = member(own, [Row(0, "FLOW_STARTED", None, AT, "{}")], consumed=1, status="RUNNING")
    await one(connection, replace(start, projection=Projection(status="RUNNING", started_at=AT)))
    own = after(own, start)
    await send_command(connection, own.execution_id, ExecutionCommand.SIGNAL, {"name": "go", "payload": None})
    hit = member(own, [Row(1, "DEBUG_BREAKPOINT_HIT", "a", AT, "{}")], status="PAUSED")
    await one(connection, replace(hit, projection=Projection(status="PAUSED")))
    own = after(own, hit)
    assert (await head(pool, own.execution_id))["accepted_status"] == "RUNNING"
    assert await one(connection, member(own, consumed=2, status="PAUSED")) is Outcome.COMMITTED
    assert (await head(pool, own.execution_id))["accepted_status"] == "PAUSED"
    await send_command(connection, own.execution_id, ExecutionCommand.RESUME)


# --- pages ------------------------------------------------------------------------------------------------------------


async def tell(connection: Connection, own: Claim, count: int, size: int, kind: InboxKind = CHILD_ENDED) -> None:
    """Put letters with bodies of so many bytes into the inbox of an execution."""
    await connection.execute(
        "insert into inbox (execution_id, kind, body) select $1, $2, to_json(repeat('x', $4)) "
        "from generate_series(1, $3)",
        own.execution_id, kind.value, count, size - 2,
    )  # fmt: skip


async def forget(connection: Connection, own: Claim) -> None:
    await connection.execute("delete from inbox where execution_id = $1", own.execution_id)


@pytest.mark.parametrize(("count", "size", "read"), [(1_200, 100, 1_000), (5, 3 * MIB, 3), (2, 9 * MIB, 1)])
async def test_an_inbox_is_read_a_page_at_a_time(
    connection: Connection, flow: FlowRow, count: int, size: int, read: int
) -> None:
    [own] = await claimed(connection, flow)
    await tell(connection, own, count, size)
    page = (await read_inbox(connection, [own.execution_id]))[own.execution_id]
    assert len(page) == read
    assert [letter.id for letter in page] == sorted(letter.id for letter in page)
    assert page[-1].follows
    taken_over = await take_over(connection, "other", own.execution_id, own.token)
    assert taken_over is not None
    assert taken_over.inbox == tuple(page)
    await forget(connection, own)


async def test_the_last_page_says_that_nothing_follows(connection: Connection, flow: FlowRow) -> None:
    [own] = await claimed(connection, flow)
    await tell(connection, own, 1_000, 100)
    page = (await read_inbox(connection, [own.execution_id]))[own.execution_id]
    assert [letter.follows for letter in page] == [True] * 999 + [False]
    await forget(connection, own)


async def test_a_stop_comes_first_and_the_parents_words_before_the_ends_of_thousands_of_children(
    connection: Connection, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    await tell(connection, own, 1_001, 100)
    await tell(connection, own, 2, 5 * MIB, InboxKind.PAUSE)
    await tell(connection, own, 1, 100, InboxKind.STOP)
    page = (await read_inbox(connection, [own.execution_id]))[own.execution_id]
    assert [letter.kind for letter in page] == [InboxKind.STOP, InboxKind.PAUSE, InboxKind.PAUSE]
    assert page[-1].follows
    await forget(connection, own)
