"""Telling other processes to look at an execution now.

A notification is a hint and may be lost: whoever acts on it reads the log or the mailbox, and also polls.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping

import asyncpg

from storage.metrics import NOTIFY_FAILURES
from storage.pool import Connection
from storage.queries import load
from storage.shards import channel, shard_of

QUERIES = load("events")

MAX_PAYLOAD = 7_900
"""Bytes; Postgres refuses 8,000."""

FLUSH_SECONDS = 2.0
SHORTEST_DELAY, LONGEST_DELAY = 0.05, 2.0

logger = logging.getLogger(__name__)


class Notifier:
    """Sends `execution:index` pairs on the channels of a topic, from one background task.

    While one message is on its way the next pairs gather, and only the newest index of an execution is sent. From the
    first message on it keeps a connection of the pool, outside of any transaction: were it in the transaction that made
    the news, every such commit would wait for a global lock.
    """

    def __init__(self, pool: asyncpg.Pool, topic: str) -> None:
        self._pool = pool
        self._topic = topic
        self._pending: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def notify(self, execution_id: str, index: int) -> None:
        """Say that `index` (of an event, or of a command) is there; returns at once and never raises."""
        self._pending[execution_id] = max(index, self._pending.get(execution_id, index))
        self._wake.set()

    async def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._run(), name=f"notify {self._topic}")

    async def stop(self) -> None:
        """Send what is pending, for up to `FLUSH_SECONDS`, and give the connection back."""
        self._stopping = True
        self._wake.set()
        if self._task is None:
            return
        await asyncio.wait([self._task], timeout=FLUSH_SECONDS)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        delay = SHORTEST_DELAY
        while await self._has_pending():
            try:
                async with self._pool.acquire() as connection:
                    while await self._has_pending():
                        await self._send(connection)
                        delay = SHORTEST_DELAY
            except Exception as error:
                NOTIFY_FAILURES.labels(self._topic).inc()
                logger.warning("Notifications are held back: %s", str(error) or type(error).__name__)
                await asyncio.sleep(delay)
                delay = min(2 * delay, LONGEST_DELAY)

    async def _has_pending(self) -> bool:
        """Wait for something to send; False when it is time to stop."""
        while not self._pending and not self._stopping:
            self._wake.clear()
            await self._wake.wait()
        return bool(self._pending)

    async def _send(self, connection: Connection) -> None:
        batch, self._pending = self._pending, {}
        try:
            channels, payloads = zip(*messages(self._topic, batch), strict=True)
            await connection.execute(QUERIES["notify"], channels, payloads)
        except BaseException:
            for execution_id, index in batch.items():
                self.notify(execution_id, index)
            raise


def messages(topic: str, indices: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Pack indices by execution into pairs of channel and payload; a payload has at most `MAX_PAYLOAD` bytes."""
    by_channel: dict[str, list[str]] = {}
    for execution_id, index in indices.items():
        by_channel.setdefault(channel(topic, shard_of(execution_id)), []).append(f"{execution_id}:{index}")
    for name, pairs in by_channel.items():
        for payload in _packed(pairs):
            yield name, payload


def _packed(pairs: list[str]) -> Iterator[str]:
    packed: list[str] = []
    size = 0
    for pair in pairs:
        if packed and size + len(pair) > MAX_PAYLOAD:
            yield " ".join(packed)
            packed, size = [], 0
        packed.append(pair)
        size += len(pair) + 1
    yield " ".join(packed)
