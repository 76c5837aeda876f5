"""An event loop whose time is made up: when nothing is ready, it jumps to the next timer."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


BUSY_ROUNDS = 50_000


class Standstill(RuntimeError):
    """Nothing is ready and no timer is set: the test would wait for ever."""


class BusyLoop(RuntimeError):
    """Something keeps the loop busy and lets no time pass."""


class _JumpingSelector(selectors.DefaultSelector):
    elapsed = 0.0
    rounds = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return self._at_once(ready)
        if timeout is None:
            raise Standstill(Standstill.__doc__)
        self.elapsed += timeout
        self.rounds = 0
        return []

    def _at_once(self, ready: list[tuple[selectors.SelectorKey, int]]) -> list[tuple[selectors.SelectorKey, int]]:
        self.rounds += 1
        if self.rounds > BUSY_ROUNDS:
            self.rounds = 0
            raise BusyLoop(BusyLoop.__doc__)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs timers in order without waiting for them; `time()` starts at 0 and is in seconds."""

    def __init__(self) -> None:
        self._clock = _JumpingSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.elapsed


def run_virtual(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function that runs in virtual time."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        run_virtual(test(*arguments, **named))

    return run
