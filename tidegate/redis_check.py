"""A look at Redis when a process starts: it goes on without, but its operator should know."""

import asyncio
import logging
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError

TIMEOUT = 2.0

logger = logging.getLogger(__name__)


async def warn_without_redis(url: str) -> None:
    """Log one line if Redis does not answer: what is wrong, what it costs and what to do."""
    try:
        async with asyncio.timeout(TIMEOUT), Redis.from_url(url) as redis:
            await redis.ping()
    except (OSError, RedisError, TimeoutError) as error:
        logger.warning(
            "Redis at %s does not answer (%s). Start it, or correct REDIS_URL; until then workers see new work late.",
            _address(url),
            str(error) or type(error).__name__,
        )


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
