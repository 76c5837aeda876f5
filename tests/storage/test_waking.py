"""Waking whoever was told something: whoever commits last sees both, and what a crash leaves behind is found."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from engine.status import ExecutionCommand
from storage.append import Member, Outcome, Projection, Row
from storage.claims import claim, claim_errands, release_all, with_mail
from storage.commands import send_command
from storage.flows import FlowRow
from storage.inbox import InboxKind, Woken, forgotten, wake, wake_family
from storage.pool import Connection
from tests.invariants import check_invariants
from tests.pauses import late, paused
from tests.storage.appends import AT, member, one
from tests.storage.families import family, inbox_of, is_queued, parking, reporting, taken


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


async def test_who_is_queued_already_is_queued_once_and_said_to_be_so_each_time(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """Whoever was told of it the first time may have had no place, or may not be able to run it."""
    root, [waiting] = await family(connection, flow)
    await one(connection, member(root, order=InboxKind.PAUSE))
    assert [await wake(connection, [waiting]) for _ in range(2)] == [(1, [])] * 2
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
