"""Tests in virtual time."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any

from tidegate.testing.virtual_clock import BusyLoop, Standstill, VirtualLoop, run_virtual

__all__ = ["BusyLoop", "Standstill", "VirtualLoop", "in_virtual_time", "run_virtual"]


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function that runs in virtual time."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        run_virtual(test(*arguments, **named))

    return run
