"""Waiting in tests: for a condition, with a deadline, never for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 25.0
"""Seconds; only what does not come at all is to be missed, on a machine that is several times slower than ours, too.

It is less than the half minute after which a worker looks again at what it had set aside.
"""


async def eventually(condition: Callable[[], T | Awaitable[T]], within: float = PATIENCE) -> T:
    """The first true value of `condition`; fails the test if there is none within so many seconds."""
    began = time.monotonic()
    while True:
        found = condition()
        value = await found if inspect.isawaitable(found) else found
        if value:
            return value
        waited = time.monotonic() - began
        if waited > within:
            raise AssertionError(f"not true within {within} s: {inspect.getsource(condition).strip()}")
        # To ask costs the time of what is waited for, too: what takes long is asked for less often.
        await asyncio.sleep(min(max(waited / 20, 0.01), 0.05))
