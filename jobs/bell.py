"""Hearing the bell: the arq side of a worker.

An arq job only says "look" and ends at once, so arq's own limits, retries and locks never matter. arq gives up when
Redis fails; this starts it again until it is told to stop.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

from arq.connections import ArqRedis
from arq.worker import Worker, func

from jobs.dispatch import LOOK, QUEUE, cancel_for_good, connect, deserialize, serialize

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.01
QUIET_AFTER_SECONDS = 1.0
QUIET_POLL_SECONDS = 0.04
"""A bell that has not rung for a while is asked less often: an idle worker would take a twentieth of a processor."""

MAX_JOBS = 1000
RESTART_SECONDS = 1.0
END_SECONDS = 1.0


class Bell:
    """Calls `on_ring` for every ring that this worker takes, and once after each connection."""

    def __init__(self, redis_url: str, on_ring: Callable[[], None]) -> None:
        self._redis_url = redis_url
        self._on_ring = on_ring

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            try:
                await self._listen()
            # Not only Redis errors: below them, a transport that was closed raises what it likes.
            except Exception as error:
                logger.warning("The bell cannot be heard (%s: %s); listening again.", type(error).__name__, error)
            await asyncio.sleep(RESTART_SECONDS)

    async def _listen(self) -> None:
        async with AsyncExitStack() as stack:
            redis = await connect(self._redis_url)
            stack.push_async_callback(redis.aclose, close_connection_pool=True)
            worker = self._worker(redis)
            stack.push_async_callback(_end, worker)
            listening = asyncio.create_task(worker.async_run())
            stack.push_async_callback(cancel_for_good, listening)
            self._on_ring()
            await asyncio.wait([listening])
            listening.result()

    def _worker(self, redis: ArqRedis) -> Worker:
        return _Listener(
            functions=[func(self._look, name=LOOK, keep_result=0, max_tries=1)],
            queue_name=QUEUE,
            redis_pool=redis,
            handle_signals=False,
            poll_delay=POLL_SECONDS,
            max_jobs=MAX_JOBS,
            queue_read_limit=MAX_JOBS,
            job_serializer=serialize,
            job_deserializer=deserialize,
            log_results=False,
        )

    async def _look(self, ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
        self._on_ring()


class _Listener(Worker):
    """arq's worker, which polls less often while nothing comes."""

    _last_look = 0.0

    async def _poll_iteration(self) -> None:
        await super()._poll_iteration()
        now = asyncio.get_running_loop().time()
        if self.tasks or not self._last_look:
            self._last_look = now
        elif now - self._last_look > QUIET_AFTER_SECONDS:
            await asyncio.sleep(QUIET_POLL_SECONDS - POLL_SECONDS)


async def _end(worker: Worker) -> None:
    """Wait for the jobs under way, which end at once; what still hangs after a moment has lost its Redis."""
    with suppress(TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
