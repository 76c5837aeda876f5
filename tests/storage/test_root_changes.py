"""Watching lists of roots: what is announced comes at once, what is not comes by the poll, and nothing comes twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from engine.errors import ServiceUnavailable
from storage import root_changes, root_watch
from storage.access import Reader
from storage.flows import FlowRow, create_flow
from storage.notify import Notifier
from storage.pool import Connection, open_pool
from storage.root_changes import RootChanges
from storage.root_watch import RootWatcher
from storage.roots import Of, RootList
from storage.shards import EVENTS
from storage.wakeups import Wakeups
from tests.eventually import PATIENCE, eventually
from tests.storage.following import NEVER
from tests.storage.seeds import create, grow

SOON = 0.05


class Lists:
    """All that watches lists of roots in one process."""

    def __init__(self, pool: asyncpg.Pool, url: str, poll_seconds: float) -> None:
        self.pool = pool
        self.notifier = Notifier(pool, EVENTS)
        self.wakeups = Wakeups(url, EVENTS)
        self.roots = RootChanges(pool, self.wakeups, poll_seconds=poll_seconds)
        self.polls = 0
        self._real_poll, self.roots._poll = self.roots._poll, self._poll

    async def _poll(self) -> None:
        await self._real_poll()
        self.polls += 1

    @asynccontextmanager
    async def watch(self, owner: str = "ada", flow_id: str | None = None) -> AsyncIterator[RootWatcher]:
        """Watch a list; the poll that an owner's first watcher asks for is over."""
        polls = self.polls - (RootList(Of.OWNER, owner) in self.roots._lists)
        async with self.roots.watch(Reader(owner), flow_id) as watcher:
            await eventually(lambda: self.polls > polls)
            yield watcher


@asynccontextmanager
async def lists_on(pool: asyncpg.Pool, url: str, poll_seconds: float = NEVER) -> AsyncIterator[Lists]:
    """Nothing but notifications leads to a read, unless there is a poll."""
    lists = Lists(pool, url, poll_seconds)
    await lists.notifier.start()
    await lists.wakeups.start()
    await lists.roots.start()
    yield lists
    await lists.roots.stop()
    await lists.wakeups.stop()
    await lists.notifier.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages follow each other as fast as they can, but where a test is about that."""
    monkeypatch.setattr(root_watch, "INTERVAL_SECONDS", 0.0)


@pytest.fixture
async def lists(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Lists]:
    async with lists_on(pool, database_url) as started:
        yield started


async def set_status(pool: asyncpg.Pool, id: str, status: str) -> None:
    await pool.execute("update executions set status = $2, updated_at = clock_timestamp() where id = $1", id, status)


async def taken(watcher: RootWatcher) -> list[str]:
    async with asyncio.timeout(PATIENCE):
        return await watcher.take()


async def nothing_comes(watcher: RootWatcher) -> bool:
    try:
        async with asyncio.timeout(0.2):
            await watcher.take()
    except TimeoutError:
        return True
    return False


async def test_a_root_that_is_announced_is_new_and_then_changes(
    lists: Lists, connection: Connection, flow: FlowRow
) -> None:
    async with lists.watch() as watcher:
        id = (await create(connection, flow)).id
        lists.notifier.notify(id, -1)
        assert await taken(watcher) == [id]
        await set_status(lists.pool, id, "RUNNING")
        lists.notifier.notify(id, 0)
        assert await taken(watcher) == [id]
        await grow(lists.pool, id, 1, ended=True)
        lists.notifier.notify(id, 1)
        assert await taken(watcher) == [id]


async def test_events_that_change_no_status_are_no_change(lists: Lists, connection: Connection, flow: FlowRow) -> None:
    id = (await create(connection, flow)).id
    async with lists.watch() as watcher:
        for index in range(3):
            await grow(lists.pool, id, 1)
            lists.notifier.notify(id, index)
        assert await nothing_comes(watcher)


async def test_children_are_on_no_list_of_roots_and_are_not_read_again(
    lists: Lists, connection: Connection, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    real = root_changes.roots_by_id

    async def counted(connection: Connection, owners: Any, ids: Any) -> Any:
        asked.append(list(ids))
        return await real(connection, owners, ids)

    monkeypatch.setattr(root_changes, "roots_by_id", counted)
    root = (await create(connection, flow)).id
    child = (await create(connection, flow, root_id=root, parent_id=root, depth=1)).id
    async with lists.watch() as watcher:
        lists.notifier.notify(child, -1)
        await eventually(lambda: asked == [[child]])
        lists.notifier.notify(child, 0)
        await set_status(lists.pool, root, "RUNNING")
        lists.notifier.notify(root, 0)
        assert await taken(watcher) == [root]
    assert asked == [[child], [root]]


async def test_a_list_shows_its_owners_roots_of_its_flow_only(
    lists: Lists, connection: Connection, flow: FlowRow
) -> None:
    other = await create_flow(connection, owner_id="ada", name="Other", description=None, document={"nodes": []})
    foreign = await create_flow(connection, owner_id="eve", name="Eve's", description=None, document={"nodes": []})
    async with (
        lists.watch() as all_of_ada,
        lists.watch(flow_id=flow.id) as of_flow,
        lists.watch("eve") as of_eve,
        lists.watch("eve", flow.id) as of_neither,
    ):
        ids = [(await create(connection, each)).id for each in (other, foreign, flow)]
        for id in ids:
            lists.notifier.notify(id, -1)
        found = await taken(all_of_ada)
        while len(found) < 2:
            found += await taken(all_of_ada)
        assert sorted(found) == [ids[0], ids[2]]
        assert await taken(of_flow) == [ids[2]]
        assert await taken(of_eve) == [ids[1]]
        assert await nothing_comes(of_neither)


async def test_several_changes_in_an_interval_are_one_message(
    lists: Lists, connection: Connection, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root_watch, "INTERVAL_SECONDS", 0.5)
    clock = asyncio.get_running_loop().time
    async with lists.watch() as watcher:
        ids = [(await create(connection, flow)).id for _ in range(3)]
        for status in ("RUNNING", "PAUSED", "RUNNING"):
            for id in ids:
                await set_status(lists.pool, id, status)
                lists.notifier.notify(id, 0)
            await eventually(lambda: not lists.roots._heard)
        assert sorted(await taken(watcher)) == ids
        at = clock()
        await set_status(lists.pool, ids[0], "PAUSED")
        lists.notifier.notify(ids[0], 0)
        assert await taken(watcher) == [ids[0]]
        assert clock() - at > 0.4


async def test_more_changes_than_a_message_holds_come_in_several(
    lists: Lists, connection: Connection, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root_watch, "MOST_CHANGES", 2)
    async with lists.watch() as watcher:
        ids = [(await create(connection, flow)).id for _ in range(5)]
        for id in ids:
            lists.notifier.notify(id, -1)
        found: list[str] = []
        while len(found) < 5:
            message = await taken(watcher)
            assert len(message) <= 2
            found += message
    assert sorted(found) == ids


async def test_what_was_never_announced_is_found_by_the_poll(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow
) -> None:
    old = (await create(connection, flow)).id
    async with lists_on(pool, database_url, SOON) as lists, lists.watch() as watcher:
        id = (await create(connection, flow)).id
        assert await taken(watcher) == [id]
        await set_status(pool, id, "RUNNING")
        assert await taken(watcher) == [id]
        await grow(pool, id, 1, ended=True)
        assert await taken(watcher) == [id]
        await grow(pool, old, 1, ended=True)
        assert await taken(watcher) == [old]
        assert await nothing_comes(watcher)


async def test_what_was_created_and_has_ended_between_two_polls_is_found(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow
) -> None:
    async with lists_on(pool, database_url, SOON) as lists, lists.watch() as watcher:
        async with connection.transaction():
            id = (await create(connection, flow)).id
            await connection.execute(
                "update executions set status = 'FAILED', completed_at = now(), error = '{}' where id = $1", id
            )
        assert await taken(watcher) == [id]
        assert await nothing_comes(watcher)


async def test_a_commit_that_becomes_visible_late_is_not_missed(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow
) -> None:
    slow = (await create(connection, flow)).id
    async with lists_on(pool, database_url, SOON) as lists, lists.watch() as watcher:
        async with pool.acquire() as held, held.transaction():
            await set_status(held, slow, "RUNNING")
            quick = (await create(connection, flow)).id
            assert await taken(watcher) == [quick]
            assert await nothing_comes(watcher)
        assert await taken(watcher) == [slow]


async def test_without_a_poll_a_lost_notification_would_stay_lost(
    lists: Lists, connection: Connection, flow: FlowRow
) -> None:
    async with lists.watch() as watcher:
        await create(connection, flow)
        assert await nothing_comes(watcher)


async def test_what_was_said_while_nobody_listened_is_read_after_the_reconnect(
    lists: Lists, connection: Connection, flow: FlowRow
) -> None:
    async with lists.watch() as watcher:
        id = (await create(connection, flow)).id
        killed = await lists.pool.fetchval(
            "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity"
            " where application_name = 'tidegate tidegate_events' and datname = current_database()"
        )
        assert killed == 1
        assert await taken(watcher) == [id]


async def test_a_poll_is_one_query_for_all_watchers_and_none_without_any(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []
    real = root_changes.current_roots

    async def counted(connection: Connection, lists: Any, after_id: str) -> Any:
        asked.append({each.id for each in lists})
        return await real(connection, lists, after_id)

    monkeypatch.setattr(root_changes, "current_roots", counted)
    async with lists_on(pool, database_url, SOON) as lists:
        async with lists.watch(), lists.watch(), lists.watch(flow_id=flow.id), lists.watch("eve"):
            asked.clear()
            await eventually(lambda: len(asked) > 3)
            assert asked[:3] == [{"ada", "eve"}] * 3
        assert (lists.roots.watching, len(lists.roots._known)) == (0, 0)
        polls = len(asked)
        id = (await create(connection, flow)).id
        heard: list[str | None] = []
        lists.wakeups.watch_all(lambda execution, index: heard.append(execution))
        lists.notifier.notify(id, -1)
        await eventually(lambda: id in heard)
        assert len(asked) == polls


async def test_what_has_ended_long_ago_is_forgotten_and_not_told_again(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await create(connection, flow)).id
    async with lists_on(pool, database_url, SOON) as lists, lists.watch() as watcher:
        await grow(pool, id, 1, ended=True)
        assert await taken(watcher) == [id]
        monkeypatch.setattr(root_changes, "RECENT_SECONDS", -1.0)
        await eventually(lambda: len(lists.roots._known) == 0)
        assert await nothing_comes(watcher)


async def test_a_failing_read_is_logged_and_tried_again(
    lists: Lists,
    connection: Connection,
    flow: FlowRow,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    real, failures = root_changes.roots_by_id, iter(range(2))

    async def failing(*arguments: Any) -> Any:
        if next(failures, None) is not None:
            raise OSError("the disk is on fire")
        return await real(*arguments)

    async with lists.watch() as watcher:
        monkeypatch.setattr(root_changes, "roots_by_id", failing)
        id = (await create(connection, flow)).id
        lists.notifier.notify(id, -1)
        assert await taken(watcher) == [id]
    assert caplog.text.count("the disk is on fire") == 2


async def test_an_outage_of_the_database_is_survived(
    database_url: str, pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    readers = await open_pool(database_url, name="readers")
    async with lists_on(readers, database_url, SOON) as lists, lists.watch() as watcher:
        for _ in range(5):
            id = (await create(connection, flow)).id
            ids = await taken(watcher)
            assert await cut_off(pool)
            assert [row.id for row in await lists.roots.read(Reader("ada"), ids)] == [id]
            assert await lists.roots.read(Reader("eve"), ids) == []
    await readers.close()


async def cut_off(pool: asyncpg.Pool) -> int:
    """Kill every connection of the readers; how many those were."""
    count: int = await pool.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database()"
        " and application_name in ('readers', 'tidegate tidegate_events')"
    )
    return count


async def test_a_deleted_root_is_forgotten(
    pool: asyncpg.Pool, database_url: str, connection: Connection, flow: FlowRow
) -> None:
    await create(connection, flow)
    async with lists_on(pool, database_url, SOON) as lists, lists.watch() as watcher:
        assert len(lists.roots._known) == 1
        await pool.execute("delete from executions")
        await eventually(lambda: len(lists.roots._known) == 0)
        assert await nothing_comes(watcher)


async def test_stopping_frees_those_who_wait_and_leaves_no_task(pool: asyncpg.Pool, database_url: str) -> None:
    before = asyncio.all_tasks()
    async with lists_on(pool, database_url) as lists:
        async with lists.watch() as watcher:
            waiting = asyncio.create_task(watcher.take())
            await lists.roots.stop()
            with pytest.raises(ServiceUnavailable):
                await waiting
        with pytest.raises(ServiceUnavailable):
            async with lists.roots.watch(Reader("ada")):
                pass
    await eventually(lambda: asyncio.all_tasks() == before)
