"""What the tests of watched trees take: trees that grow by real appends, and all that follows them in one process."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import orjson

from storage.append import Member, Outcome, Row
from storage.claims import Claim, claim
from storage.flows import FlowRow
from storage.notify import Notifier
from storage.shards import EVENTS
from storage.tree_follow import TreeFollower
from storage.tree_log import BEGINNING, Place, TreeRow
from storage.tree_tail import TreeTailer
from storage.wakeups import Wakeups
from tests.eventually import PATIENCE, eventually
from tests.storage.appends import AT, claimed, ending, logs, member, one
from tests.storage.families import child, spawning
from tests.storage.following import NEVER
from tests.tree_rules import Seen, check_complete, check_order

CHILD_ENDED = "CHILD_EXECUTION_COMPLETED"


class GrownTree:
    """A tree whose members a test writes as their worker would; every append is announced if there is a notifier."""

    def __init__(self, pool: asyncpg.Pool, root: Claim, notifier: Notifier | None) -> None:
        self.pool = pool
        self.root = root.execution_id
        self.notifier = notifier
        self.claims = {root.execution_id: root}
        self._numbers = iter(range(10_000))

    async def log(self, id: str, count: int = 1) -> None:
        """Write events that change nothing."""
        await self._append(member(self.claims[id], logs(self.claims[id].last_index + 1, count)))

    async def spawn(self, parent: str, count: int = 1) -> list[str]:
        """Create children in one append; a worker has them at once."""
        children = [child(self.claims[parent], next(self._numbers)) for _ in range(count)]
        await self._append(spawning(self.claims[parent], children))
        async with self.pool.acquire() as connection:
            for found in await claim(connection, "worker", count):
                self.claims[found.execution_id] = found
        return [each.id for each in children]

    async def end(self, id: str) -> None:
        """Write the last event."""
        await self._append(ending(self.claims.pop(id)))

    async def hear(self, parent: str, *children: str) -> None:
        """Have a parent write that children have ended."""
        of = self.claims[parent]
        said = [orjson.dumps({"childExecutionId": id, "outputs": {}}).decode() for id in children]
        rows = [Row(of.last_index + 1 + n, CHILD_ENDED, None, AT, data) for n, data in enumerate(said)]
        await self._append(member(of, rows))

    async def _append(self, written: Member) -> None:
        async with self.pool.acquire() as connection:
            assert await one(connection, written) is Outcome.COMMITTED
        id = written.execution_id
        if id in self.claims:
            self.claims[id] = replace(self.claims[id], last_index=written.last_index)
        if self.notifier:
            self.notifier.notify(id, written.last_index)

    async def live(self, seed: int, commits: int = 60, most: int = 15) -> None:
        """Live as chance wants it, until everything has ended."""
        chance = random.Random(seed)
        parents: dict[str, str] = {}
        for _ in range(commits):
            await self._anything(chance, parents, most)
        for id in sorted(self.claims, reverse=True, key=lambda id: self.claims[id].depth):
            await self.end(id)
            if id in parents:
                await self.hear(parents[id], id)

    async def _anything(self, chance: random.Random, parents: dict[str, str], most: int) -> None:
        id = chance.choice(list(self.claims))
        busy = {parents[child] for child in self.claims if child in parents}
        kind = chance.choice(["log", "spawn", "end"])
        if kind == "spawn" and len(parents) < most:
            parents.update(dict.fromkeys(await self.spawn(id, chance.randint(1, 3)), id))
        elif kind == "end" and id in parents and id not in busy:
            await self.end(id)
            await self.hear(parents[id], id)
        else:
            await self.log(id, chance.randint(1, 3))


class Watching:
    """All that follows trees in one process."""

    def __init__(self, pool: asyncpg.Pool, url: str, poll_seconds: float) -> None:
        self.pool = pool
        self.notifier = Notifier(pool, EVENTS)
        self.wakeups = Wakeups(url, EVENTS)
        self.tailer = TreeTailer(pool, self.wakeups, poll_seconds=poll_seconds)

    async def tree(self, connection: asyncpg.Connection, flow: FlowRow, *, announced: bool = True) -> GrownTree:
        """A tree with a root that a worker has claimed."""
        [root] = await claimed(connection, flow)
        return GrownTree(self.pool, root, self.notifier if announced else None)


@asynccontextmanager
async def watching_on(pool: asyncpg.Pool, url: str, poll_seconds: float = NEVER) -> AsyncIterator[Watching]:
    """Nothing but notifications leads to a read, unless there is a poll."""
    watching = Watching(pool, url, poll_seconds)
    await watching.notifier.start()
    await watching.wakeups.start()
    await watching.tailer.start()
    yield watching
    await watching.tailer.stop()
    await watching.wakeups.stop()
    await watching.notifier.stop()


async def watched(
    tailer: TreeTailer, root: str, execution: str | None = None, place: Place = BEGINNING, limit: int = 1_000
) -> list[TreeRow]:
    """What a follower of an execution of a tree gets of it, until everything has ended."""
    rows: list[TreeRow] = []
    async with asyncio.timeout(2 * PATIENCE), tailer.follow(root, execution or root, place) as follower:
        while taken := await follower.take(limit):
            rows += [row for row in taken if row.execution_id in follower.levels]
        assert follower.ended
    return rows


async def taken(follower: TreeFollower, count: int) -> list[Seen]:
    """The next so many events."""
    rows: list[TreeRow] = []
    async with asyncio.timeout(PATIENCE):
        while len(rows) < count:
            rows += await follower.take(count - len(rows))
    return seen(rows)


def seen(rows: list[TreeRow]) -> list[Seen]:
    return [Seen(row.execution_id, row.index, row.type, orjson.loads(row.data).get("childExecutionId")) for row in rows]


def after(row: TreeRow) -> Place:
    """Where one goes on who has read this last."""
    return Place(row.place + 1, row.stamp)


async def check_against_logs(pool: asyncpg.Pool, root: str, rows: list[TreeRow]) -> None:
    """The rows are the whole tree, in order."""
    check_order(seen(rows))
    query = (
        "select execution_id, last_index from execution_heads join executions on id = execution_id where root_id = $1"
    )
    check_complete(seen(rows), dict(await pool.fetch(query, root)))
    assert [row.place for row in rows] == list(range(len(rows)))


async def joined(tailer: TreeTailer, count: int = 1) -> None:
    """Wait until so many trees are followed and were read."""
    await eventually(lambda: len([tail for tail in tailer._tails.values() if tail.opened and tail._done]) >= count)
