"""The event loop that every command runs in."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

YOUNG_OBJECTS = 50_000
"""After how many new objects the collector looks for circles among them.

A run makes many that stay for a while: with the default of 700 the collector goes through them again and again, which
takes a fifth of the time of a large flow. 50,000 objects are some 10 MB.
"""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; the garbage collector, which may be off up to here, is on from here."""
    # What the imports have made stays to the end: the collector need not go through it again and again.
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
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
