"""Following trees: every follower gets all logs of it in one causal order, whoever else reads and whatever is lost."""

import asyncio
from typing import Any

import asyncpg
import pytest

from engine.errors import ServiceUnavailable
from storage import tree_log, tree_tail
from storage.flows import FlowRow
from storage.pool import Connection
from storage.tree_log import Place, Snapshot, TreeRow
from storage.window import WINDOW_ROWS
from tests.eventually import PATIENCE, eventually
from tests.storage.seeds import grow
from tests.storage.watching import (
    GrownTree,
    Watching,
    after,
    check_against_logs,
    joined,
    seen,
    taken,
    watched,
    watching_on,
)
from tests.tree_rules import SPAWNED, check_order


async def test_a_tree_that_has_ended_is_given_whole_and_in_order(watching: Watching, tree: GrownTree) -> None:
    await tree.live(seed=1)
    rows = await watched(watching.tailer, tree.root)
    await check_against_logs(watching.pool, tree.root, rows)
    assert max(row.level for row in rows) > 1


@pytest.mark.parametrize("seed", range(6))
async def test_a_tree_that_lives_is_given_whole_and_in_order(watching: Watching, tree: GrownTree, seed: int) -> None:
    watcher = asyncio.create_task(watched(watching.tailer, tree.root))
    await joined(watching.tailer)
    await tree.live(seed, commits=100)
    rows = await watcher
    await check_against_logs(watching.pool, tree.root, rows)
    assert len({row.stamp for row in rows}) > 1


async def test_events_come_as_they_are_announced_also_those_of_new_members(watching: Watching, tree: GrownTree) -> None:
    async with watching.tailer.follow(tree.root, tree.root) as follower:
        assert [event.index for event in await taken(follower, 1)] == [-1]
        assert follower.caught_up
        [child] = await tree.spawn(tree.root)
        assert [event.type for event in await taken(follower, 2)] == [SPAWNED, "EXECUTION_CREATED"]
        await tree.log(child)
        assert [event.execution_id for event in await taken(follower, 1)] == [child]
        [grandchild] = await tree.spawn(child)
        assert [event.execution_id for event in await taken(follower, 2)] == [child, grandchild]
        for id in (grandchild, child):
            await tree.end(id)
            assert [event.execution_id for event in await taken(follower, 1)] == [id]
        assert not follower.ended
        await tree.end(tree.root)
        assert len(await taken(follower, 1)) == 1
        assert follower.ended
        assert await follower.take() == []


async def test_a_tree_whose_root_ends_first_ends_with_its_last_member(watching: Watching, tree: GrownTree) -> None:
    [child] = await tree.spawn(tree.root)
    await tree.end(tree.root)
    async with watching.tailer.follow(tree.root, tree.root) as follower:
        assert len(await taken(follower, 4)) == 4
        assert not follower.ended
        await tree.end(child)
        assert len(await taken(follower, 1)) == 1
        assert follower.ended


async def test_of_a_member_its_descendants_are_wanted_and_nobody_else(watching: Watching, tree: GrownTree) -> None:
    child, other = await tree.spawn(tree.root, 2)
    [grandchild] = await tree.spawn(child)
    watcher = asyncio.create_task(watched(watching.tailer, tree.root, child))
    await joined(watching.tailer)
    [late] = await tree.spawn(grandchild)
    for id in (late, other):
        await tree.log(id, 3)
    for id in (grandchild, child):
        await tree.end(id)
    assert not watcher.done()
    await tree.end(late)
    rows = await watcher
    assert {(row.execution_id, row.level) for row in rows} == {(child, 1), (grandchild, 2), (late, 3)}
    check_order(seen(rows))
    assert rows == await watched(watching.tailer, tree.root, child)


async def test_whoever_goes_on_after_any_event_gets_exactly_the_rest(watching: Watching, tree: GrownTree) -> None:
    watcher = asyncio.create_task(watched(watching.tailer, tree.root))
    await joined(watching.tailer)
    await tree.live(seed=3, commits=30, most=6)
    rows = await watcher
    for number, row in enumerate(rows, 1):
        assert await watched(watching.tailer, tree.root, place=after(row), limit=7) == rows[number:]


async def test_whoever_goes_on_while_the_tree_lives_gets_exactly_the_rest(
    watching: Watching, tree: GrownTree, database_url: str
) -> None:
    async def come_and_go(tailers: list[tree_tail.TreeTailer]) -> list[TreeRow]:
        rows: list[TreeRow] = []
        place, ended = tree_log.BEGINNING, False
        while not ended:
            tailers.append(tailers.pop(0))
            async with tailers[0].follow(tree.root, tree.root, place) as follower:
                rows += await follower.take(3)
                place, ended = follower.place, follower.ended
        return rows

    async with watching_on(watching.pool, database_url) as elsewhere:
        readers = [asyncio.create_task(come_and_go([watching.tailer, elsewhere.tailer])) for _ in range(3)]
        await tree.live(seed=4, commits=60)
        async with asyncio.timeout(2 * PATIENCE):
            for rows in await asyncio.gather(*readers):
                await check_against_logs(watching.pool, tree.root, rows)
    assert watching.tailer.followed == 0


async def test_two_processes_that_write_the_order_at_once_write_one_order(
    watching: Watching, tree: GrownTree, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tree.live(seed=5)
    both, real = asyncio.Barrier(2), tree_log.read_snapshot
    lengths: list[int] = []

    async def together(connection: Connection, root_id: str) -> Snapshot:
        snapshot = await real(connection, root_id)
        lengths.append(snapshot.length)
        if len(lengths) <= 2:
            await both.wait()
        return snapshot

    monkeypatch.setattr(tree_log, "read_snapshot", together)
    async with watching_on(watching.pool, database_url) as elsewhere:
        one, other = await asyncio.gather(*(watched(each.tailer, tree.root) for each in (watching, elsewhere)))
    await check_against_logs(watching.pool, tree.root, one)
    assert one == other
    assert lengths == [0, 0, len(one)]


async def test_readers_of_several_processes_of_a_living_tree_see_one_order(
    watching: Watching, tree: GrownTree, database_url: str
) -> None:
    async with watching_on(watching.pool, database_url) as elsewhere:
        readers = [
            asyncio.create_task(watched(each.tailer, tree.root, limit=limit))
            for each in (watching, elsewhere)
            for limit in (1, 1_000)
        ]
        await joined(watching.tailer)
        await joined(elsewhere.tailer)
        await tree.live(seed=6, commits=100)
        first, *others = await asyncio.gather(*readers)
    await check_against_logs(watching.pool, tree.root, first)
    assert others == [first] * 3


async def test_followers_of_a_tree_share_one_reader(
    watching: Watching, tree: GrownTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[int] = []
    real = tree_tail.read_tree_page

    async def counted(*arguments: Any, **limits: int) -> Any:
        page = await real(*arguments, **limits)
        places.extend(row.place for row in page.rows)
        return page

    monkeypatch.setattr(tree_tail, "read_tree_page", counted)
    [child] = await tree.spawn(tree.root)
    readers = [asyncio.create_task(watched(watching.tailer, tree.root, of)) for of in (tree.root, child) * 10]
    await joined(watching.tailer)
    assert watching.tailer.followed == 1
    await tree.live(seed=7)
    total = max(len(rows) for rows in await asyncio.gather(*readers))
    assert sorted(places) == list(range(total))


async def test_a_slow_follower_gets_the_same_and_slows_nobody(watching: Watching, tree: GrownTree) -> None:
    [child] = await tree.spawn(tree.root)
    async with watching.tailer.follow(tree.root, tree.root) as slow:
        fast = asyncio.create_task(watched(watching.tailer, tree.root))
        await grow(watching.pool, tree.root, 2 * WINDOW_ROWS, ended=True)
        await grow(watching.pool, child, 2 * WINDOW_ROWS, ended=True)
        watching.notifier.notify(child, 2 * WINDOW_ROWS - 1)
        rows = await fast
        assert [Place(row.place) for row in rows] == [Place(n) for n in range(len(rows))]
        late: list[TreeRow] = []
        while took := await slow.take(137):
            late += took
    assert late == rows
    await check_against_logs(watching.pool, tree.root, rows)


async def test_news_of_a_member_that_is_met_only_now_are_not_lost(
    watching: Watching, tree: GrownTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, reading, go_on = tree_tail.fill, asyncio.Event(), asyncio.Event()
    heard: list[str | None] = []

    async def slow(connection: Connection, root_id: str) -> int:
        length = await real(connection, root_id)
        reading.set()
        await go_on.wait()
        return length

    async with watching.tailer.follow(tree.root, tree.root) as follower:
        assert len(await taken(follower, 1)) == 1
        monkeypatch.setattr(tree_tail, "fill", slow)
        [child] = await tree.spawn(tree.root)
        await reading.wait()
        watching.wakeups.watch_all(lambda id, index: heard.append(id))
        await tree.log(child)
        await eventually(lambda: child in heard)
        go_on.set()
        assert [event.index for event in await taken(follower, 3)] == [0, -1, 0]


async def test_a_poll_is_one_query_for_all_trees_and_none_once_they_have_ended(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = tree_tail.tree_news

    async def counted(connection: Connection, root_ids: Any) -> Any:
        asked.append(len(list(root_ids)))
        return await real(connection, root_ids)

    monkeypatch.setattr(tree_tail, "tree_news", counted)
    async with watching_on(pool, database_url, poll_seconds=0.02) as watching:
        trees = [await watching.tree(connection, flow) for _ in range(3)]
        readers = [asyncio.create_task(watched(watching.tailer, tree.root)) for tree in trees]
        await joined(watching.tailer, 3)
        asked.clear()
        await eventually(lambda: asked[:2] == [3, 3])
        for tree in trees:
            await tree.end(tree.root)
        await asyncio.gather(*readers)
        async with watching.tailer.follow(trees[0].root, trees[0].root) as follower:
            assert len(await follower.take()) == 2
            asked.clear()
            assert await follower.take(timeout=0.2) == []
        assert asked == []


async def test_what_is_read_already_is_not_looked_at_again(
    watching: Watching, tree: GrownTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    real = tree_tail.fill

    async def counted(connection: Connection, root_id: str) -> int:
        looks.append(root_id)
        return await real(connection, root_id)

    monkeypatch.setattr(tree_tail, "fill", counted)
    async with watching.tailer.follow(tree.root, tree.root) as follower:
        await tree.log(tree.root, 3)
        assert len(await taken(follower, 4)) == 4
        looks.clear()
        for _ in range(5):
            watching.notifier.notify(tree.root, 2)
        watching.notifier.notify("EX0000000000000000", 7)
        await tree.log(tree.root)
        assert len(await taken(follower, 1)) == 1
    assert looks == [tree.root]


async def test_where_nobody_watches_nothing_is_written(
    watching: Watching, tree: GrownTree, connection: Connection, flow: FlowRow
) -> None:
    unwatched = await watching.tree(connection, flow)
    for each in (tree, unwatched):
        await each.live(seed=10)
    await watched(watching.tailer, tree.root)
    roots = await connection.fetch("select distinct root_id from tree_log")
    assert [row["root_id"] for row in roots] == [tree.root]


async def test_stopping_frees_those_who_wait_and_leaves_no_task(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow
) -> None:
    before = asyncio.all_tasks()
    async with watching_on(pool, database_url) as watching:
        tree = await watching.tree(connection, flow)
        waiting = asyncio.create_task(watched(watching.tailer, tree.root))
        await joined(watching.tailer)
    for too_late in (waiting, watched(watching.tailer, tree.root)):
        with pytest.raises(ServiceUnavailable):
            await too_late
    await eventually(lambda: asyncio.all_tasks() == before)


async def test_whoever_leaves_leaves_nothing_behind(watching: Watching, tree: GrownTree) -> None:
    before = asyncio.all_tasks()
    async with watching.tailer.follow(tree.root, tree.root) as first:
        await tree.spawn(tree.root)
        assert len(await taken(first, 3)) == 3
        gone = asyncio.create_task(watched(watching.tailer, tree.root))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        assert watching.tailer.followed == 1
    assert (watching.tailer.followed, watching.tailer._tree_of) == (0, {})
    await eventually(lambda: asyncio.all_tasks() == before)
