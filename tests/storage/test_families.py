"""Children: created in their parent's append or not at all, counted against their root's budget (durability rule 8)."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import orjson
import pytest

from engine.options import ExecutionOptions
from engine.status import ExecutionCommand, ExecutionStatus
from engine.values import Payload, Value
from storage.append import Member, Outcome, append
from storage.claims import Claim, claim
from storage.flows import FlowRow
from storage.inbox import InboxKind
from storage.new_executions import child_of
from storage.pool import Connection
from tests.eventually import eventually
from tests.invariants import check_invariants
from tests.pauses import late, locked, paused
from tests.storage.appends import claimed, head, log_of, member, one, set_token
from tests.storage.families import ENOUGH, after, child, family, is_queued, spawning, taken, with_children
from tests.storage.seeds import create, new_execution


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


async def used(pool: asyncpg.Pool) -> int:
    """How many descendants all roots have been granted."""
    count: int = await pool.fetchval("select coalesce(sum(used), 0) from child_budgets")
    return count


async def descendants(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("select count(*) from executions where parent_id is not null")
    return count


async def append_on_its_own(pool: asyncpg.Pool, *members: Member) -> list[Outcome]:
    async with pool.acquire() as own:
        return list((await append(own, members)).values())


async def waits_for_a_lock(pool: asyncpg.Pool) -> None:
    query = "select exists (select from pg_stat_activity where datname = current_database() and wait_event = $1)"
    await eventually(lambda: pool.fetchval(query, "transactionid"))


# --- what a child is --------------------------------------------------------------------------------------------------


async def test_a_child_is_there_with_all_that_a_worker_needs(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    await create(connection, flow, priority=7)
    [parent] = await claim(connection, "worker", 1)
    new = new_execution(
        flow,
        inputs={"n": Value.of(1)},
        external_events=[{"eventName": "order", "payload": Value.of({"a": 1})}],
        options=ExecutionOptions(max_children=5),
        root_id=parent.root_id,
        parent_id=parent.execution_id,
        depth=1,
    )
    made, _ = child_of(new, spawned_by="emit", spawn_key="emit:1:0", is_born_paused=False)
    assert await one(connection, spawning(parent, [made])) is Outcome.COMMITTED
    [own] = await claim(connection, "other", 1)
    assert (own.execution_id, own.root_id, own.parent_id, own.depth) == (new.id, parent.root_id, parent.root_id, 1)
    assert (own.owner_id, own.flow_id, own.status) == ("ada", flow.id, ExecutionStatus.CREATED)
    assert (own.inputs, own.external_events) == ({"n": 1}, [{"eventName": "order", "payload": {"a": 1}}])
    assert (own.options.max_children, own.last_index, own.acknowledged, own.inbox) == (5, -1, 0, ())
    assert [(row.seq, row.command, row.payload) for row in own.mail] == [(1, ExecutionCommand.START, None)]
    assert await log_of(pool, new.id) == ["EXECUTION_CREATED"]
    row = await pool.fetchrow("select * from executions where id = $1", new.id)
    assert row is not None
    assert (row["spawned_by"], row["spawn_key"], row["priority"]) == ("emit", "emit:1:0", 7)
    at = await pool.fetchval("select timestamp from execution_events where execution_id = $1", new.id)
    assert (row["created_at"], (await head(pool, new.id))["accepted_status"]) == (at, "RUNNING")
    assert await pool.fetchval("select priority from queue where execution_id = $1", new.id) == 7


async def test_children_come_in_the_order_of_their_ids_and_their_payloads_are_their_trees(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [parent] = await claimed(connection, flow)
    children = [child(parent, number) for number in range(50)]
    large = Payload("a" * 64, b'"large"')
    assert await one(connection, spawning(parent, children, payloads=[large])) is Outcome.COMMITTED
    assert [each.execution_id for each in await taken(connection, 50)] == [each.id for each in children]
    assert await pool.fetchval("select root_id from payloads") == parent.root_id


async def test_a_child_is_started_already_and_one_that_is_born_paused_is_told_so(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [parent] = await claimed(connection, flow)
    free, held = child(parent, 0), child(parent, 1, is_born_paused=True)
    await one(connection, spawning(parent, [free, held]))
    first, second = await taken(connection, 2)
    assert [row.command for row in (*first.mail, *second.mail)] == [ExecutionCommand.START] * 2
    assert first.inbox == ()
    assert [(row.kind, row.body) for row in second.inbox] == [(InboxKind.PAUSE, None)]


async def test_text_that_looks_like_json_or_sql_reaches_the_child_as_it_is(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [parent] = await claimed(connection, flow)
    odd = '{"z":1e16,"a":-0.0,"\\u0000":"\\ud83d\\ude00 \\" \'; $1 \\\\","é":null}'
    await one(connection, spawning(parent, [child(parent, inputs=odd, created_event=odd, options=odd)]))
    row = await pool.fetchrow("""select x.inputs, x.options, e.data from executions x
        join execution_events e on e.execution_id = x.id where x.parent_id is not null""")
    assert row is not None
    assert tuple(row) == (odd, odd, odd)


async def test_the_work_of_a_spawn_grows_with_the_number_of_children_and_not_faster(
    connection: Connection, flow: FlowRow
) -> None:
    """Many parents of many children in one batch: what Postgres goes through, in rows."""
    few, many = [await rows_gone_through(connection, flow, children) for children in (10, 40)]
    assert few < many < 6 * few


async def rows_gone_through(connection: Connection, flow: FlowRow, children: int) -> int:
    claims = await claimed(connection, flow, 16)
    batch = [spawning(each, [child(each, number) for number in range(children)]) for each in claims]
    explained: list[Any] = []

    class Explaining:
        async def fetch(self, query: str, *columns: object) -> list[Any]:
            explained.append(await connection.fetchval(f"explain (analyze, format json) {query}", *columns))
            return []

    await append(Explaining(), batch)  # type: ignore[arg-type]
    await claim(connection, "other", ENOUGH)
    return sum(_rows(orjson.loads(explained[0])[0]["Plan"]))


def _rows(plan: dict[str, Any]) -> Iterator[int]:
    kept = sum(plan.get(key, 0) for key in ("Actual Rows", "Rows Removed by Join Filter", "Rows Removed by Filter"))
    yield int(kept * plan["Actual Loops"])
    for below in plan.get("Plans", []):
        yield from _rows(below)


# --- the fence --------------------------------------------------------------------------------------------------------


async def test_a_stale_owner_spawns_nothing_and_uses_nothing_of_the_budget(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    await set_token(pool, own.execution_id, "thief")
    assert await one(connection, spawning(own, [child(own)])) is Outcome.LOST
    assert (await descendants(pool), await used(pool)) == (0, 0)
    assert await pool.fetchval("select count(*) from execution_heads") == 1


async def test_a_spawn_whose_snapshot_is_older_than_the_theft_makes_no_child(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """Between its snapshot and its lock the claim is taken away."""
    [own] = await claimed(connection, flow)
    stale = spawning(own, [child(own)])
    async with late(database_url, "=", "uuid") as (slow, pause):
        appending = asyncio.create_task(one(slow, stale))
        await pause.reached()
        await set_token(pool, own.execution_id, "thief")
        await pause.end()
        assert await appending is Outcome.BUSY
    assert await one(connection, stale) is Outcome.LOST
    assert (await descendants(pool), await used(pool)) == (0, 0)


async def test_a_locked_head_is_busy_and_the_other_spawners_are_written_at_once(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    claims = await claimed(connection, flow, 10)
    batch = [spawning(each, [child(each, number) for number in range(3)]) for each in claims]
    async with locked(database_url, claims[4].execution_id):
        outcomes = await append(connection, batch)
    assert outcomes.pop(claims[4].execution_id) is Outcome.BUSY
    assert set(outcomes.values()) == {Outcome.COMMITTED}
    assert (await descendants(pool), await used(pool)) == (27, 27)


async def test_a_spawn_that_is_sent_again_is_committed_and_makes_its_children_once(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [own] = await claimed(connection, flow)
    sent = spawning(own, [child(own, 0), child(own, 1)], limit=2)
    assert [await one(connection, sent) for _ in range(3)] == [Outcome.COMMITTED] * 3
    assert (await descendants(pool), await used(pool)) == (2, 2)


async def test_one_place_of_a_parent_spawns_once_whatever_its_owner_believes(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """A second child for the same attempt and number is refused, and takes nothing from the budget."""
    parent, _ = await family(connection, flow)
    with pytest.raises(asyncpg.UniqueViolationError):
        await one(connection, spawning(parent, [child(parent, 1), child(parent, 0)]))
    assert (await descendants(pool), await used(pool)) == (1, 1)


# --- the budget -------------------------------------------------------------------------------------------------------


async def test_the_last_child_that_a_root_may_have_is_made_and_the_next_is_not(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    [parent] = await claimed(connection, flow)
    within = spawning(parent, [child(parent, 0), child(parent, 1)], limit=2)
    assert await one(connection, within) is Outcome.COMMITTED
    parent = after(parent, within)
    assert await one(connection, spawning(parent, [child(parent, 2)], limit=2)) is Outcome.OVER_BUDGET
    assert await one(connection, spawning(parent, [child(parent, 2)], limit=3)) is Outcome.COMMITTED


async def test_what_is_over_budget_writes_nothing_at_all_and_keeps_its_claim(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    own, [known] = await family(connection, flow)
    await pool.execute(
        "insert into inbox (execution_id, kind, body) values ($1, 'CHILD_ENDED', '{}')", own.execution_id
    )
    tables = ["executions", "execution_heads", "execution_events", "mailbox", "queue", "inbox", "child_budgets"]
    before = {table: await pool.fetch(f"select * from {table}") for table in (*tables, "payloads", "timers")}
    beyond = spawning(
        own,
        [child(own, number) for number in range(1, 4)],
        limit=3,
        payloads=[Payload("0" * 64, b"1")],
        read=await pool.fetchval("select array_agg(id) from inbox"),
        order=InboxKind.PAUSE,
        release=True,
        seen=0,
        wake_at=1,
    )
    assert await one(connection, beyond) is Outcome.OVER_BUDGET
    assert {table: await pool.fetch(f"select * from {table}") for table in before} == before
    assert await one(connection, member(own)) is Outcome.COMMITTED
    assert await is_queued(pool, known)


async def test_one_that_is_over_budget_holds_up_nobody_else_in_the_batch(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """Neither other trees, nor members of its own tree that spawn nothing."""
    root, _ = await family(connection, flow)
    [sibling] = await taken(connection, 1)
    greedy, spawner, plain = await claimed(connection, flow, 3)
    outcomes = await append(
        connection,
        [
            spawning(greedy, [child(greedy, number) for number in range(3)], limit=2),
            spawning(spawner, [child(spawner)], limit=1),
            member(plain),
            spawning(root, [child(root, 1)], limit=1),
            member(sibling),
        ],
    )
    assert [outcomes.pop(each.execution_id) for each in (greedy, root)] == [Outcome.OVER_BUDGET] * 2
    assert set(outcomes.values()) == {Outcome.COMMITTED}
    assert (await descendants(pool), await used(pool)) == (2, 2)


async def test_spawners_of_one_tree_that_are_too_many_together_are_refused_together_and_go_alone(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    await family(connection, flow, 2)
    both = [
        spawning(each, [child(each, number) for number in range(2)], limit=5) for each in await taken(connection, 2)
    ]
    assert set((await append(connection, both)).values()) == {Outcome.OVER_BUDGET}
    assert [await one(connection, each) for each in both] == [Outcome.COMMITTED, Outcome.OVER_BUDGET]
    assert (await descendants(pool), await used(pool)) == (4, 4)


@pytest.mark.parametrize("is_first", [True, False], ids=["the first of the tree", "more of the tree"])
async def test_of_two_spawners_at_once_only_one_gets_what_is_left(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str, is_first: bool
) -> None:
    """The second has to wait for what becomes of the first."""
    await family(connection, flow, 2)
    first, second = await taken(connection, 2)
    limit = 4
    if is_first:
        await pool.execute("delete from child_budgets")
        limit = 2
    spawners = [spawning(each, [child(each, number) for number in range(2)], limit=limit) for each in (first, second)]
    async with paused(database_url, "insert", "executions") as pause:
        writing = asyncio.create_task(append_on_its_own(pool, spawners[0]))
        await pause.reached()
        waiting = asyncio.create_task(append_on_its_own(pool, spawners[1]))
        await waits_for_a_lock(pool)
        await pause.end()
        assert (await writing, await waiting) == ([Outcome.COMMITTED], [Outcome.OVER_BUDGET])
    if is_first:
        await pool.execute("update child_budgets set used = used + 2")


async def test_a_budget_that_a_failed_spawn_had_taken_is_there_for_who_waited_for_it(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    await family(connection, flow, 2)
    first, second = await taken(connection, 2)
    doomed = spawning(first, [child(first, number) for number in range(2)], limit=4)
    heir = spawning(second, [child(second, number) for number in range(2)], limit=4)
    connecting = await asyncpg.connect(database_url)
    async with paused(database_url, "insert", "executions") as pause:
        writing = asyncio.create_task(append(connecting, [doomed]))
        await pause.reached()
        waiting = asyncio.create_task(append_on_its_own(pool, heir))
        await waits_for_a_lock(pool)
        assert await pool.fetchval("select pg_terminate_backend($1)", connecting.get_server_pid())
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await writing
        await pause.end()
        assert await waiting == [Outcome.COMMITTED]
    assert await one(connection, doomed) is Outcome.OVER_BUDGET
    assert (await descendants(pool), await used(pool)) == (4, 4)


async def test_the_budgets_of_several_trees_are_taken_in_one_order_whatever_that_of_the_batch(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow, database_url: str
) -> None:
    """Else each of two batches could wait for what the other has. The second must wait before it has taken any."""
    for each in await claimed(connection, flow, 2):
        await with_children(connection, each, 2)
    claims = await taken(connection, 4)
    trees = [[each for each in claims if each.root_id == root] for root in {each.root_id for each in claims}]
    first, second = [[spawning(each, [child(each)]) for each in batch] for batch in zip(*trees, strict=True)]
    async with paused(database_url, "update", "child_budgets") as pause:
        writing = asyncio.create_task(append_on_its_own(pool, *first))
        await pause.reached()
        waiting = asyncio.create_task(append_on_its_own(pool, *reversed(second)))
        await waits_for_a_lock(pool)
        await pause.end()
        assert await writing == await waiting == [Outcome.COMMITTED] * 2


async def test_spawners_of_many_trees_in_any_order_never_deadlock_and_never_exceed_a_budget(
    connection: Connection, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    roots = [await with_children(connection, each, 4) for each in await claimed(connection, flow, 6)]
    members = await taken(connection, 24)
    dice = random.Random(5)

    async def spawn(own: list[Claim]) -> None:
        for turn in range(12):
            batch = [
                spawning(each, [child(each, turn)], limit=30, payloads=[Payload(f"{turn:064}", b"1")]) for each in own
            ]
            dice.shuffle(batch)
            outcomes = await append_outcomes(pool, batch)
            own[:] = [
                after(each, next(written for written in batch if written.execution_id == each.execution_id))
                if outcomes[each.execution_id] is Outcome.COMMITTED
                else each
                for each in own
            ]

    await asyncio.gather(*(spawn(members[number::4]) for number in range(4)))
    assert await pool.fetchval("select max(used) from child_budgets") <= 30
    assert await used(pool) == await descendants(pool) > len(roots) * 4
    assert await pool.fetchval("select deadlocks from pg_stat_database where datname = current_database()") == 0


async def append_outcomes(pool: asyncpg.Pool, members: list[Member]) -> dict[str, Outcome]:
    async with pool.acquire() as own:
        return await append(own, members)
