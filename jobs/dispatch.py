"""Ringing the workers' bell.

A ring says "look", never "run this": what is ready is in Postgres. So a ring that is lost costs time and no work, and
many rings at once are one ring.
"""

import asyncio
import json
import logging
from typing import Any
from uuid import uuid4

from arq.connections import ArqRedis
from redis.asyncio.connection import ConnectionPool

logger = logging.getLogger(__name__)

QUEUE = "tidegate:looks"
LOOK = "look"
RETRY_SECONDS = 1.0
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 3.0
RING_SECONDS = 4.0
CANCEL_SECONDS = 0.2
SHORTEST_INTERVAL = 0.005
"""Seconds between two rings; those in between are one."""


def serialize(job: dict[str, Any]) -> bytes:
    """Write a job as JSON: what a stranger puts into Redis must never run as code."""
    return json.dumps(job, default=str).encode()


def deserialize(text: bytes) -> dict[str, Any]:
    """Read a job from JSON."""
    job: dict[str, Any] = json.loads(text)
    return job


async def connect(url: str) -> ArqRedis:
    """Open a connection to arq's Redis; gives up soon, because whoever rings or listens tries again by itself.

    Who is cancelled meanwhile is so for good: before Python 3.12 redis may open the connection all the same.
    """
    opening = asyncio.create_task(_open(url))
    try:
        await asyncio.wait([opening])
    except asyncio.CancelledError:
        await cancel_for_good(opening)
        if not opening.cancelled() and not opening.exception():
            await opening.result().aclose(close_connection_pool=True)
        raise
    return opening.result()


async def _open(url: str) -> ArqRedis:
    # arq sets no limit to how long an answer may take, so that it would never notice a connection that is half open.
    pool = ConnectionPool.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS)
    redis = ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=QUEUE)
    try:
        await redis.ping()
    except BaseException:
        await redis.aclose(close_connection_pool=True)
        raise
    return redis


async def cancel_for_good(task: "asyncio.Task[Any]") -> None:
    """Cancel a task that talks to Redis, as often as needed: what it awaits may swallow a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_SECONDS)


class Doorbell:
    """Rings through arq, in the background."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._redis: ArqRedis | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to ring."""
        self._task = asyncio.create_task(self._ring_for_ever())

    async def stop(self) -> None:
        """Ring a last time, if somebody has asked for it, and close the connection."""
        if self._later:
            self._later.cancel()
        if self._task:
            await cancel_for_good(self._task)
        if self._wanted.is_set():
            await self._ring_or_log()
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
            if await self._ring_or_log():
                await asyncio.sleep(SHORTEST_INTERVAL)
            else:
                await self._disconnect()
                await asyncio.sleep(RETRY_SECONDS)

    async def _ring_or_log(self) -> bool:
        """Ring; False, with the wish still there, if it did not work."""
        self._wanted.clear()
        try:
            async with asyncio.timeout(RING_SECONDS):
                await self._ring()
        # Not only Redis errors: below them, a transport that was closed raises what it likes.
        except Exception as error:
            logger.warning("The bell does not ring (%s: %s).", type(error).__name__, error)
            self._wanted.set()
            return False
        except asyncio.CancelledError:
            self._wanted.set()
            raise
        return True

    async def _ring(self) -> None:
        if self._redis is None:
            self._redis = await connect(self._url)
        if await self._redis.enqueue_job(LOOK, _job_id=uuid4().hex) is None:
            self._wanted.set()

    async def _disconnect(self) -> None:
        redis, self._redis = self._redis, None
        if redis:
            try:
                await redis.aclose(close_connection_pool=True)
            except Exception as error:
                logger.debug("The connection to Redis was gone already (%s).", error)
