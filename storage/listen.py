"""Hearing Postgres notifications, as a backend of `broadcaster` that survives the loss of its connection."""

import asyncio
import logging
from collections.abc import Sequence

import asyncpg
from broadcaster import BroadcastBackend, Event

from storage.metrics import LISTEN_LOSSES
from storage.pool import connect

RESYNC = "resync"
"""The message that says: something may have been missed, read from your cursor."""

PING_SECONDS = 2.0
PING_TIMEOUT = 3.0
SHORTEST_DELAY, LONGEST_DELAY = 0.05, 2.0

logger = logging.getLogger(__name__)


class PostgresListener(BroadcastBackend):
    """Listens to fixed channels on one connection of its own, from `connect` to `disconnect`.

    A lost connection is noticed when it closes, or else by the ping, and replaced; each new one begins with a `RESYNC`
    to every channel, for nobody knows what was said before it listened. Subscribing is free, because every channel is
    always listened to; publishing is not offered, because it goes through a pool (`storage/notify.py`).
    """

    def __init__(self, url: str, channels: Sequence[str], *, name: str = "tidegate listener") -> None:
        self._url = url
        self._channels = channels
        self._name = name
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._tried = asyncio.Event()
        self._delay = SHORTEST_DELAY
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Return when all channels are listened to; if the first try fails, go on trying in the background."""
        self._task = asyncio.create_task(self._keep_listening(), name=self._name)
        try:
            await self._tried.wait()
        except asyncio.CancelledError:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """Close the connection."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def subscribe(self, group: str) -> None:
        """Nothing to do: the channel is listened to."""

    async def unsubscribe(self, group: str) -> None:
        """Nothing to do: the channel stays listened to."""

    async def next_published(self) -> Event:
        """The next message of any channel."""
        return await self._events.get()

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                LISTEN_LOSSES.inc()
                logger.warning("The listening connection is lost: %s", str(error) or type(error).__name__)
            self._tried.set()
            await asyncio.sleep(self._delay)
            self._delay = min(2 * self._delay, LONGEST_DELAY)

    async def _listen(self) -> None:
        connection = await connect(self._url, name=self._name)
        try:
            for channel in self._channels:
                await connection.add_listener(channel, self._hear)
            self._resync()
            self._delay = SHORTEST_DELAY
            self._tried.set()
            await self._watch_over(connection)
        finally:
            connection.terminate()

    async def _watch_over(self, connection: asyncpg.Connection) -> None:
        """Return when the connection is closed; raise when it does not answer any more."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        while not connection.is_closed() and not await _set_within(lost, PING_SECONDS):
            await connection.execute("select 1", timeout=PING_TIMEOUT)

    def _hear(self, connection: object, pid: int, channel: str, payload: object) -> None:
        self._events.put_nowait(Event(channel, str(payload)))

    def _resync(self) -> None:
        for channel in self._channels:
            self._events.put_nowait(Event(channel, RESYNC))


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
