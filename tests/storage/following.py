"""What the tests of following take: all parts of it, and ways to watch and hurry them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from storage import replays, tail
from storage.events import Page
from storage.follow import PAGE_ROWS, Follower
from storage.notify import Notifier
from storage.shards import EVENTS
from storage.tail import Tailer
from storage.wakeups import Wakeups
from tests.eventually import PATIENCE
from tests.storage.seeds import grow

NEVER = 3_600.0


class Following:
    """All that follows logs in one process; only `append` notifies it."""

    def __init__(self, pool: asyncpg.Pool, url: str, poll_seconds: float) -> None:
        self.pool = pool
        self.notifier = Notifier(pool, EVENTS)
        self.wakeups = Wakeups(url, EVENTS)
        self.tailer = Tailer(pool, self.wakeups, poll_seconds=poll_seconds)

    async def append(self, execution_id: str, events: int, *, ended: bool = False, fill: int = 0) -> None:
        """Grow a log and notify of its last index."""
        await grow(self.pool, execution_id, events, ended=ended, fill=fill)
        last = "select last_index from execution_heads where execution_id = $1"
        self.notifier.notify(execution_id, await self.pool.fetchval(last, execution_id))


@asynccontextmanager
async def following_on(pool: asyncpg.Pool, url: str, poll_seconds: float = NEVER) -> AsyncIterator[Following]:
    """Nothing but notifications leads to a read, unless there is a poll."""
    following = Following(pool, url, poll_seconds)
    await following.notifier.start()
    await following.wakeups.start()
    await following.tailer.start()
    yield following
    await following.tailer.stop()
    await following.wakeups.stop()
    await following.notifier.stop()


class Reads:
    """Counts what is read from the database."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.news: list[dict[str, Page]] = []
        self.pages: list[Page] = []
        monkeypatch.setattr(tail, "read_news", self._kept(tail.read_news, self.news))
        monkeypatch.setattr(replays, "read_page", self._kept(replays.read_page, self.pages))

    @property
    def indices(self) -> list[int]:
        """The indices that were read for tails, in the order of reading."""
        return [row.index for news in self.news for page in news.values() for row in page.rows]

    def _kept(self, read: Callable[..., Awaitable[Any]], kept: list[Any]) -> Callable[..., Awaitable[Any]]:
        async def keeping(*arguments: Any, **options: Any) -> Any:
            kept.append(await read(*arguments, **options))
            return kept[-1]

        return keeping


async def followed(tailer: Tailer, execution_id: str, from_index: int = -1, limit: int = PAGE_ROWS) -> list[int]:
    """The indices that a follower gets until the log ends."""
    indices: list[int] = []
    async with asyncio.timeout(2 * PATIENCE), tailer.follow(execution_id, from_index) as follower:
        while rows := await follower.take(limit):
            indices += [row.index for row in rows]
        assert follower.ended
    return indices


async def taken(follower: Follower, limit: int = PAGE_ROWS) -> list[int]:
    async with asyncio.timeout(PATIENCE):
        return [row.index for row in await follower.take(limit)]
