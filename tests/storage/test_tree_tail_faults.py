"""Following trees while something goes wrong: whatever is lost, cut off or deleted is healed, or said."""

import asyncio

import asyncpg
import pytest

from engine.errors import Conflict, NotFound
from storage.flows import FlowRow
from storage.pool import Connection, open_pool
from storage.tree_log import BEGINNING, Place, fill
from tests.storage.appends import claimed
from tests.storage.watching import (
    GrownTree,
    Watching,
    after,
    check_against_logs,
    joined,
    taken,
    watched,
    watching_on,
)


async def test_a_lost_notification_is_healed_by_the_poll(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow
) -> None:
    async with watching_on(pool, database_url, poll_seconds=0.05) as watching:
        tree = await watching.tree(connection, flow, announced=False)
        watcher = asyncio.create_task(watched(watching.tailer, tree.root))
        await joined(watching.tailer)
        await tree.live(seed=8)
        await check_against_logs(pool, tree.root, await watcher)


async def test_without_a_poll_a_lost_notification_would_stay_lost(
    watching: Watching, connection: Connection, flow: FlowRow
) -> None:
    tree = await watching.tree(connection, flow, announced=False)
    async with watching.tailer.follow(tree.root, tree.root) as follower:
        assert len(await taken(follower, 1)) == 1
        await tree.log(tree.root)
        assert await follower.take(timeout=0.3) == []


async def test_whoever_joins_a_reader_that_has_missed_something_gets_all_of_it(
    watching: Watching, connection: Connection, flow: FlowRow
) -> None:
    tree = await watching.tree(connection, flow, announced=False)
    async with watching.tailer.follow(tree.root, tree.root) as follower:
        assert len(await taken(follower, 1)) == 1
        await tree.live(seed=12)
        await check_against_logs(watching.pool, tree.root, await watched(watching.tailer, tree.root))
        assert not follower.ended
        assert len(await follower.take()) > 1


async def test_what_was_said_while_nobody_listened_is_read_after_the_reconnect(
    watching: Watching, connection: Connection, flow: FlowRow
) -> None:
    tree = await watching.tree(connection, flow, announced=False)
    async with watching.tailer.follow(tree.root, tree.root) as follower:
        assert len(await taken(follower, 1)) == 1
        await tree.spawn(tree.root)
        killed = await watching.pool.fetchval(
            "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity"
            " where application_name = 'tidegate tidegate_events' and datname = current_database()"
        )
        assert killed == 1
        assert len(await taken(follower, 2)) == 2


async def test_a_place_that_the_log_has_lost_is_an_error(
    watching: Watching, tree: GrownTree, connection: Connection
) -> None:
    await tree.log(tree.root, 3)
    await fill(connection, tree.root)
    await tree.log(tree.root, 3)
    async with watching.tailer.follow(tree.root, tree.root) as follower:
        await taken(follower, 7)
        place = follower.place
    await connection.execute("delete from tree_log where seq > 0")
    await connection.execute("update tree_heads set length = 4")
    for lost in (place, Place(5, place.stamp), Place(4, place.stamp), Place(10**9, 1)):
        with pytest.raises(Conflict):
            await watched(watching.tailer, tree.root, place=lost)
    assert watching.tailer.followed == 0


async def test_an_order_that_was_made_anew_is_no_place_to_go_on_in(
    watching: Watching, tree: GrownTree, connection: Connection
) -> None:
    await tree.live(seed=9)
    rows = await watched(watching.tailer, tree.root)
    await connection.execute("delete from tree_heads")
    again = await watched(watching.tailer, tree.root)
    await check_against_logs(watching.pool, tree.root, again)
    for row in (rows[0], rows[-2], rows[-1]):
        with pytest.raises(Conflict):
            await watched(watching.tailer, tree.root, place=after(row))


@pytest.mark.parametrize("remade", [False, True])
@pytest.mark.parametrize("resumed", [False, True])
async def test_a_follower_is_told_that_the_log_has_lost_what_was_read(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow, remade: bool, resumed: bool
) -> None:
    async with watching_on(pool, database_url, poll_seconds=0.05) as watching:
        tree = await watching.tree(connection, flow)
        await tree.log(tree.root, 3)
        async with watching.tailer.follow(tree.root, tree.root) as before:
            await taken(before, 4)
            place = before.place if resumed else BEGINNING
        async with watching.tailer.follow(tree.root, tree.root, place) as follower:
            await taken(follower, 0 if resumed else 4)
            async with connection.transaction():
                await connection.execute("delete from tree_heads")
                if remade:
                    await fill(connection, tree.root)
            await tree.log(tree.root)
            with pytest.raises(Conflict):
                await taken(follower, 1)


async def test_a_deleted_tree_takes_its_order_along_and_ends_its_followers(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow
) -> None:
    async with watching_on(pool, database_url, poll_seconds=0.05) as watching:
        tree = await watching.tree(connection, flow)
        await tree.spawn(tree.root)
        async with watching.tailer.follow(tree.root, tree.root) as follower:
            assert len(await taken(follower, 3)) == 3
            await pool.execute("delete from executions")
            with pytest.raises(NotFound):
                await taken(follower, 1)
        with pytest.raises(NotFound):
            await watched(watching.tailer, tree.root)
        assert watching.tailer.followed == 0
    for table in ("tree_heads", "tree_members", "tree_log"):
        assert await pool.fetchval(f"select count(*) from {table}") == 0


async def test_an_outage_of_the_database_is_survived(
    database_url: str, pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    readers = await open_pool(database_url, name="readers")
    async with watching_on(readers, database_url, poll_seconds=0.05) as watching:
        [root] = await claimed(connection, flow)
        tree = GrownTree(pool, root, None)
        async with watching.tailer.follow(tree.root, tree.root) as follower:
            assert len(await taken(follower, 1)) == 1
            for _ in range(5):
                assert await cut_off(pool)
                [child] = await tree.spawn(tree.root)
                assert [event.execution_id for event in await taken(follower, 2)] == [tree.root, child]
    await readers.close()


async def cut_off(pool: asyncpg.Pool) -> int:
    """Kill every connection of the readers; how many those were."""
    count: int = await pool.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database()"
        " and application_name in ('readers', 'tidegate tidegate_events')"
    )
    return count
