"""Hearing the bell: the arq side of a worker.

An arq job only says "look" and ends at once, so arq's own limits, retries and locks never matter. arq gives up when
Redis fails; this starts it again until it is told to stop.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from arq.worker import Worker, func
from redis.exceptions import RedisError

from jobs.dispatch import LOOK, QUEUE, deserialize, redis_settings, serialize

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.01
MAX_JOBS = 1000
RESTART_SECONDS = 1.0


class Bell:
    """Calls `on_ring` for every ring that this worker takes, and once after each reconnection."""

    def __init__(self, redis_url: str, on_ring: Callable[[], None]) -> None:
        self._redis_url = redis_url
        self._on_ring = on_ring

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            worker = self._worker()
            try:
                await worker.async_run()
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("The bell cannot be heard (%s: %s); listening again.", type(error).__name__, error)
            finally:
                await self._close(worker)
            self._on_ring()
            await asyncio.sleep(RESTART_SECONDS)

    def _worker(self) -> Worker:
        return Worker(
            functions=[func(self._look, name=LOOK, keep_result=0, max_tries=1)],
            queue_name=QUEUE,
            redis_settings=redis_settings(self._redis_url),
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

    @staticmethod
    async def _close(worker: Worker) -> None:
        if worker.main_task:
            worker.main_task.cancel()
            await asyncio.wait([worker.main_task])
        try:
            await worker.close()
        except (RedisError, OSError, TimeoutError):
            logger.debug("The connection to Redis was gone already.")
