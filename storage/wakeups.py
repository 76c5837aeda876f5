"""Who in this process is to be told when an execution has news."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from broadcaster import Broadcast, Event

from storage.listen import RESYNC, PostgresListener
from storage.shards import channel, channels, shard_of

Heard = Callable[[int | None], None]
"""Gets the index that was announced, or None: something may have been missed, so look."""

HeardAny = Callable[[str | None, int | None], None]
"""Gets an execution and the index that was announced, or None and None: something may have been missed, so look."""

logger = logging.getLogger(__name__)


class Wakeups:
    """Hears a topic on one connection and calls whoever watches the execution that is spoken of.

    What it calls must return at once; what that raises is logged. A notification may be lost or come twice.
    """

    def __init__(self, url: str, topic: str) -> None:
        self._topic = topic
        self._broadcast = Broadcast(backend=PostgresListener(url, channels(topic), name=f"tidegate {topic}"))
        self._watchers: dict[str, dict[str, list[Heard]]] = {name: {} for name in channels(topic)}
        self._watching_all: list[HeardAny] = []
        self._subscriptions = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Return when every channel is listened to, or when listening has failed once and goes on being tried."""
        for name in channels(self._topic):
            subscriber = await self._subscriptions.enter_async_context(self._broadcast.subscribe(name))
            self._tasks.append(asyncio.create_task(self._deliver(subscriber.get), name=f"wakeups {name}"))
        try:
            await self._broadcast.connect()
        except asyncio.CancelledError:
            await self._end()
            raise

    async def stop(self) -> None:
        """Close the connection and call nobody any more."""
        await self._broadcast.disconnect()
        await self._end()

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._subscriptions.aclose()

    @property
    def watched(self) -> int:
        """How many executions are watched now."""
        return sum(len(watchers) for watchers in self._watchers.values())

    def watch(self, execution_id: str, heard: Heard) -> None:
        """Call `heard` from now on for each notification about an execution."""
        self._of(execution_id).setdefault(execution_id, []).append(heard)

    def unwatch(self, execution_id: str, heard: Heard) -> None:
        """Undo one `watch`."""
        watchers = self._of(execution_id)
        watchers[execution_id].remove(heard)
        if not watchers[execution_id]:
            del watchers[execution_id]

    def watch_all(self, heard: HeardAny) -> None:
        """Call `heard` from now on for each notification; (None, None) may come several times in a row."""
        self._watching_all.append(heard)

    def _of(self, execution_id: str) -> dict[str, list[Heard]]:
        return self._watchers[channel(self._topic, shard_of(execution_id))]

    async def _deliver(self, next_event: Callable[[], Awaitable[Event]]) -> None:
        while True:
            event = await next_event()
            try:
                self._dispatch(event)
            except Exception:
                logger.exception("The notification %r could not be delivered", event.message)

    def _dispatch(self, event: Event) -> None:
        if event.message == RESYNC:
            self._resync(event.channel)
            return
        for pair in event.message.split():
            execution_id, _, index = pair.rpartition(":")
            self._announce(event.channel, execution_id, int(index))

    def _announce(self, channel: str, execution_id: str, index: int) -> None:
        for heard in list(self._watchers[channel].get(execution_id, ())):
            _call(heard, index)
        for heard_any in self._watching_all:
            _call(heard_any, execution_id, index)

    def _resync(self, channel: str) -> None:
        for watchers in list(self._watchers[channel].values()):
            for heard in list(watchers):
                _call(heard, None)
        for heard_any in self._watching_all:
            _call(heard_any, None, None)


def _call(heard: Callable[..., None], *arguments: str | int | None) -> None:
    try:
        heard(*arguments)
    except Exception:
        logger.exception("A watcher failed at a notification")
