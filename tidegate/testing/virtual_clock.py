"""An event loop whose time is made up: when nothing is ready, it jumps to the next timer.

While something outside is awaited, a socket or a thread, time passes as it does everywhere: nobody knows how long that
will take.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")
Ready = list[tuple[selectors.SelectorKey, int]]

BUSY_ROUNDS = 50_000
OWN_SOCKETS = 1
"""What a loop listens to itself, so that threads can wake it."""


class Standstill(RuntimeError):
    """Nothing is ready and no timer is set: it would wait for ever."""


class BusyLoop(RuntimeError):
    """Something keeps the loop busy and lets no time pass."""


class _JumpingSelector(selectors.DefaultSelector):
    elapsed = 0.0
    rounds = 0
    threads = 0

    def select(self, timeout: float | None = None) -> Ready:
        ready = super().select(0)
        if ready or timeout == 0:
            return self._at_once(ready)
        self.rounds = 0
        if self.threads or len(self.get_map()) > OWN_SOCKETS:
            return self._wait(timeout)
        if timeout is None:
            raise Standstill(Standstill.__doc__)
        self.elapsed += timeout
        return []

    def _wait(self, timeout: float | None) -> Ready:
        began = time.monotonic()
        ready = super().select(timeout)
        passed = time.monotonic() - began
        self.elapsed += passed if ready or timeout is None else timeout
        return ready

    def _at_once(self, ready: Ready) -> Ready:
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
        """How much time has passed for what runs here."""
        return self._clock.elapsed

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], Result], *args: *Arguments
    ) -> "asyncio.Future[Result]":
        """As in any loop; until the thread has answered, no time is skipped."""
        self._clock.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_is_done)
        return future

    def _thread_is_done(self, future: "asyncio.Future[Any]") -> None:
        self._clock.threads -= 1


def run_virtual(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
