"""The event loop that every command runs in."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; the garbage collector, which may be off up to here, is on from here."""
    # What the imports have made stays to the end: the collector need not go through it again and again.
    gc.freeze()
    gc.enable()
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(main)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        # There is none for Windows.
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
