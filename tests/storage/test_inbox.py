"""What families tell each other: no letter is lost, whoever lets go or claims meanwhile, and none is acted on twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from engine.status import ExecutionCommand
from storage.append import Member, Outcome, Projection, Row, append
from storage.claims import claim, claim_errands, release_all, with_mail
from storage.commands import pending_commands, send_command
from storage.flows import FlowRow
from storage.inbox import InboxKind, Woken, discard_dead_letters, forgotten, read_inbox, wake, wake_family
from storage.pool import Connection
from tests.invariants import check_invariants
from tests.pauses import late, locked, paused
from tests.storage.appends import AT, claimed, ending, head, member, one, set_token
from tests.storage.families import (
    after,
    child,
    family,
    inbox_of,
    is_queued,
    parking,
    reporting,
    spawning,
    taken,
    with_children,
)


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


async def append_on_its_own(pool: asyncpg.Pool, given: Member) -> Outcome:
    async with pool.acquire() as own:
        return await one(own, given)


async def wake_on_its_own(pool: asyncpg.Pool, execution_id: str) -> Woken:
    async with pool.acquire() as own:
        return await wake(own, [execution_id])


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
    act = member(reader, read=[letter.id for letter in reader.inbox[:2]])
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


# --- waking: whoever commits last sees both ---------------------------------------------------------------------------


async def test_a_parent_that_parks_after_the_report_finds_it_when_it_looks_again(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, reporting(own))
    assert await wake_family(connection, [own.execution_id]) == (0, [root.execution_id])
    assert await one(connection, parking(root)) is Outcome.COMMITTED
    assert await wake(connection, [root.execution_id]) == (1, [])
    [again] = await claim(connection, "heir", 10)
    assert [letter.kind for letter in again.inbox] == [InboxKind.CHILD_ENDED]


async def test_a_report_that_comes_after_the_parent_has_parked_wakes_it(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, parking(root))
    assert await wake(connection, [root.execution_id]) == (0, [])
    await one(connection, reporting(own))
    assert await wake_family(connection, [own.execution_id]) == (1, [])
    assert await is_queued(pool, root.execution_id)


async def test_a_report_that_is_written_while_the_parent_is_being_parked_is_found_by_the_parents_side(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """The park began first and commits last."""
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    async with paused(database_url, "insert", "timers") as pause:
        parks = asyncio.create_task(append_on_its_own(pool, parking(root, wake_at=AT)))
        await pause.reached()
        assert await one(connection, reporting(own)) is Outcome.COMMITTED
        assert await wake_family(connection, [own.execution_id]) == (0, [root.execution_id])
        await pause.end()
        assert await parks is Outcome.COMMITTED
    assert await wake(connection, [root.execution_id]) == (1, [])


async def test_a_park_that_is_written_while_a_report_is_under_way_is_found_by_the_childs_side(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """The report began first and commits last."""
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    async with paused(database_url, "insert", "inbox") as pause:
        reports = asyncio.create_task(append_on_its_own(pool, reporting(own)))
        await pause.reached()
        assert await one(connection, parking(root)) is Outcome.COMMITTED
        assert await wake(connection, [root.execution_id]) == (0, [])
        await pause.end()
        assert await reports is Outcome.COMMITTED
    assert await wake_family(connection, [own.execution_id]) == (1, [])
    assert await is_queued(pool, root.execution_id)


async def test_children_that_are_told_something_are_woken_too_wherever_they_are(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow, 3)
    parked, held = await taken(connection, 2)
    begun = member(parked, [Row(0, "FLOW_STARTED", None, AT, "{}")], seen=1, consumed=1, release=True, wake_at=AT)
    await one(connection, replace(begun, status="RUNNING", projection=Projection(status="RUNNING", started_at=AT)))
    await one(connection, member(root, order=InboxKind.PAUSE))
    woken = await wake_family(connection, [root.execution_id])
    assert (woken.queued, woken.others) == (2, [held.execution_id])
    urgent = await claim_errands(connection, "full", 10)
    assert len(urgent) == 2
    assert parked.execution_id in {each.execution_id for each in urgent}
    assert held.execution_id not in {each.execution_id for each in urgent}


async def test_whoever_was_told_nothing_is_left_in_peace(connection: Connection, flow: FlowRow) -> None:
    root, _ = await family(connection, flow, 2)
    [own] = await taken(connection, 1)
    await one(connection, parking(root))
    assert await wake(connection, [root.execution_id, own.execution_id]) == (0, [])
    assert await wake_family(connection, [root.execution_id, own.execution_id]) == (0, [])


async def test_who_is_queued_already_is_queued_once(connection: Connection, pool: asyncpg.Pool, flow: FlowRow) -> None:
    root, [waiting] = await family(connection, flow)
    await one(connection, member(root, order=InboxKind.PAUSE))
    assert await wake(connection, [waiting]) == (1, [])
    assert await wake(connection, [waiting]) == (0, [waiting])
    assert await pool.fetchval("select count(*) from queue where execution_id = $1", waiting) == 1


async def test_a_wake_that_meets_a_claim_under_way_leaves_it_to_the_claimer(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """The claim may have looked into the inbox before the letter came; so its worker is one of those to be told."""
    root, [own] = await family(connection, flow)

    async def take() -> list[str]:
        async with pool.acquire() as other:
            return [each.execution_id for each in await claim(other, "other", 1)]

    async with paused(database_url, "update", "queue") as pause:
        claiming = asyncio.create_task(take())
        await pause.reached()
        assert await one(connection, member(root, order=InboxKind.PAUSE)) is Outcome.COMMITTED
        assert await wake_family(connection, [root.execution_id]) == (0, [own])
        await pause.end()
        assert await claiming == [own]
    assert await with_mail(connection, [own]) == [own]
    assert await inbox_of(pool, own) == ["PAUSE"]


async def test_a_claim_that_meets_a_wake_under_way_passes_it_over_and_finds_the_letter_later(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    root, [own] = await family(connection, flow)
    await one(connection, member(root, order=InboxKind.PAUSE))
    async with paused(database_url, "update", "queue") as pause:
        waking = asyncio.create_task(wake_on_its_own(pool, own))
        await pause.reached()
        assert await claim(connection, "other", 1) == []
        await pause.end()
        assert await waking == (1, [])
    [got] = await claim(connection, "other", 1)
    assert [letter.kind for letter in got.inbox] == [InboxKind.PAUSE]


async def test_a_wake_whose_snapshot_is_older_than_the_end_queues_nothing(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """Between its snapshot and its locks the execution is claimed, acts on what it was told, and ends."""
    root, [own] = await family(connection, flow)
    await one(connection, member(root, order=InboxKind.STOP))
    async with late(database_url, "=", "text") as (slow, pause):
        waking = asyncio.create_task(wake(slow, [own]))
        await pause.reached()
        [reader] = await taken(connection, 1)
        assert await one(connection, reporting(reader, "STOPPED")) is Outcome.COMMITTED
        await pause.end()
        assert (await waking).queued == 0
    assert await pool.fetchval("select count(*) from queue where execution_id = $1", own) == 0


async def test_two_wakes_and_a_command_for_the_same_execution_queue_it_once(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, reporting(own))
    await one(connection, parking(root))

    async def command() -> None:
        async with pool.acquire() as sender:
            await send_command(sender, root.execution_id, ExecutionCommand.STOP)

    await asyncio.gather(command(), *(wake_on_its_own(pool, root.execution_id) for _ in range(4)))
    assert await is_queued(pool, root.execution_id)


# --- what a crash leaves behind ---------------------------------------------------------------------------------------


async def test_what_was_told_to_somebody_whom_nobody_looks_at_is_found(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, reporting(own))
    assert await forgotten(connection, 10, within=0) == []
    await one(connection, parking(root))
    [found] = await forgotten(connection, 10, within=0)
    assert found.execution_id == root.execution_id
    assert await forgotten(connection, 0, within=0) == []
    await wake(connection, [root.execution_id])
    assert await forgotten(connection, 10, within=0) == []


async def test_what_time_will_wake_soon_is_not_forgotten(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow)
    [own] = await taken(connection, 1)
    await one(connection, reporting(own))
    await one(connection, parking(root, wake_at=AT))
    await pool.execute("update timers set due_at = clock_timestamp() + interval '30 seconds'")
    assert await forgotten(connection, 10, within=60) == []
    assert len(await forgotten(connection, 10, within=5)) == 1


async def test_what_a_lost_worker_held_and_was_told_something_is_urgent(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    root, _ = await family(connection, flow)
    await taken(connection, 1, worker_id="lost")
    await one(connection, member(root, order=InboxKind.PAUSE))
    await release_all(connection, "lost", lost=True)
    [own] = await claim_errands(connection, "heir", 10)
    assert [letter.kind for letter in own.inbox] == [InboxKind.PAUSE]


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
