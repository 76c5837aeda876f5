"""Ringing the workers' bell.

A ring says "look", never "run this": what is ready is in Postgres. So a ring that is lost costs time and no work, and
many rings at once are one ring.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

QUEUE = "tidegate:looks"
LOOK = "look"
RETRY_SECONDS = 1.0
SHORTEST_INTERVAL = 0.005
"""Seconds between two rings; those in between are one."""


def serialize(job: dict[str, Any]) -> bytes:
    """Write a job as JSON: what a stranger puts into Redis must never run as code."""
    return json.dumps(job, default=str).encode()


def deserialize(text: bytes) -> dict[str, Any]:
    """Read a job from JSON."""
    job: dict[str, Any] = json.loads(text)
    return job


def redis_settings(url: str) -> RedisSettings:
    """The settings of an arq connection that gives up soon, because whoever rings tries again by itself."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 2
    settings.conn_retries = 1
    settings.conn_retry_delay = 1
    return settings


class Doorbell:
    """Rings through arq, in the background."""

    def __init__(self, redis_url: str, *, on_failure: Callable[[], None] | None = None) -> None:
        self._settings = redis_settings(redis_url)
        self._on_failure = on_failure
        self._redis: ArqRedis | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to ring."""
        self._task = asyncio.create_task(self._ring_for_ever())

    async def stop(self) -> None:
        """Stop ringing and close the connection."""
        if self._later:
            self._later.cancel()
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._disconnect()

    def ring(self) -> None:
        """Have some worker look soon. Never waits and never raises; rings before the next look are one."""
        self._wanted.set()

    def ring_later(self, seconds: float) -> None:
        """Ring after a while, unless that is already under way."""
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(seconds, self._ring_now)

    def _ring_now(self) -> None:
        self._later = None
        self.ring()

    async def _ring_for_ever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._ring()
                await asyncio.sleep(SHORTEST_INTERVAL)
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("The bell does not ring (%s: %s); trying again.", type(error).__name__, error)
                await self._recover()

    async def _ring(self) -> None:
        if self._redis is None:
            self._redis = await create_pool(
                self._settings,
                job_serializer=serialize,
                job_deserializer=deserialize,
                default_queue_name=QUEUE,
            )
        job = await self._redis.enqueue_job(LOOK, _job_id=uuid4().hex)
        if job is None:
            self._wanted.set()

    async def _recover(self) -> None:
        if self._on_failure:
            self._on_failure()
        await self._disconnect()
        self._wanted.set()
        await asyncio.sleep(RETRY_SECONDS)

    async def _disconnect(self) -> None:
        redis, self._redis = self._redis, None
        if redis:
            try:
                await redis.aclose(close_connection_pool=True)
            except (RedisError, OSError):
                logger.debug("The connection to Redis was gone already.")
