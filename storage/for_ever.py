"""Going on for ever with what follows the database, whatever befalls it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.pool import OUTAGE

T = TypeVar("T")

SHORTEST_DELAY, LONGEST_DELAY = 0.05, 2.0
RETRY_SECONDS = 0.5

logger = logging.getLogger(__name__)


async def for_ever(act: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again until cancelled; after a failure, which is logged, a little later."""
    delay = SHORTEST_DELAY
    while True:
        try:
            await act()
            delay = SHORTEST_DELAY
        except Exception as error:
            warn(error)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)


async def through_outages(act: Callable[[], Awaitable[T]], is_over: Callable[[], bool]) -> T:
    """Read something, however long the database is away; once `is_over`, an outage is raised."""
    while True:
        try:
            return await act()
        except OUTAGE as error:
            if is_over():
                raise
            warn(error)
        await asyncio.sleep(RETRY_SECONDS)


def warn(error: Exception) -> None:
    """Log what holds up those who follow."""
    logger.warning("Following is held back: %s", str(error) or type(error).__name__)
