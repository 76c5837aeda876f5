"""Ends a guest's step that holds the event loop: everything else of the process waits for it, the worker's beat too.

Each step of a guest's coroutine, and of the tasks that it begins, says what it is. A thread looks whether one lasts too
long, and then has a signal raise an error in the midst of it. That also ends `time.sleep` and calls that wait for a
socket; not native code that lets no other thread run. Only the main thread can be interrupted so.
"""

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

from engine.errors import NodeError

T = TypeVar("T")

WARN_SECONDS = 0.1
"""A step that takes longer is named in the log."""

BREATH_SECONDS = 0.05
"""After such a step no guest takes another one for so long: many that hold the loop in turn would leave it no beat."""

LOOKS_PER_LIMIT = 20
STRIKES = 5
"""How often a step that catches what is raised in it is tried again."""

SIGNAL = signal.SIGURG
"""Ignored by whoever does not know it, so that one which comes too late does no harm."""

logger = logging.getLogger(__name__)


class HeldTheLoop(BaseException):
    """A step held the event loop; no `Exception`, so that nodes do not take it for one of their own."""


@dataclass(slots=True)
class Step:
    """What the main thread does just now for a guest; `since` is on the monotonic clock."""

    watch: "Watch"
    said: str
    since: float
    strikes: int = 0
    is_condemned: bool = False


_step: Step | None = None


class Watch:
    """Watches guests; none of their steps may last longer than `limit` seconds."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._is_open = True
        self._breathes_until = 0.0
        self._under_way = 0
        self._has_work = threading.Event()
        self._thread: threading.Thread | None = None

    async def run(self, work: Coroutine[Any, Any, T], node_type: str, place: str) -> T:
        """Await a guest's work; raises `NodeError` if it held the loop. `place` says which node of what it is.

        Tasks that it has begun and left behind are cancelled at its end.
        """
        guest = _Guest(self, f"The node type {node_type} ({place})")
        self._enter()
        try:
            return await Steps(work, guest)
        except HeldTheLoop as error:
            raise NodeError(str(error)) from None
        finally:
            self._under_way -= 1
            guest.leave()

    @property
    def is_breathing(self) -> bool:
        """Whether the loop was held a moment ago."""
        return time.monotonic() < self._breathes_until

    def was_held(self, said: str, seconds: float) -> None:
        """Name a step that took long, and leave the loop to others for a moment."""
        logger.warning("%s held the event loop for %d ms.", said, seconds * 1000)
        self._breathes_until = time.monotonic() + BREATH_SECONDS

    def close(self) -> None:
        """Watch no more."""
        self._is_open = False
        self._has_work.set()

    def _enter(self) -> None:
        self._under_way += 1
        if self._thread is None and threading.current_thread() is threading.main_thread():
            signal.signal(SIGNAL, _interrupt)
            self._thread = threading.Thread(target=self._patrol, name="watch", daemon=True)
            self._thread.start()
        self._has_work.set()

    def _patrol(self) -> None:
        while self._is_open:
            if not self._under_way:
                self._has_work.clear()
            self._has_work.wait()
            time.sleep(self.limit / LOOKS_PER_LIMIT)
            self._look()

    def _look(self) -> None:
        step = _step
        if step is None or step.watch is not self or step.strikes > STRIKES:
            return
        if time.monotonic() - step.since > self.limit * (step.strikes + 1):
            step.strikes += 1
            if step.strikes > STRIKES:
                logger.error("%s holds the event loop and cannot be interrupted.", step.said)
                return
            step.is_condemned = True
            signal.pthread_kill(_main_thread(), SIGNAL)


class _Guest:
    """One attempt of a guest, and the tasks that it has begun."""

    def __init__(self, watch: Watch, said: str) -> None:
        self.watch = watch
        self.said = said
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin_task(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> "asyncio.Task[Any]":
        """Make a task of the guest's, whose steps are watched as its own are."""
        task: asyncio.Task[Any] = asyncio.Task(_all_of(Steps(work, self)), loop=loop, **options)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def leave(self) -> None:
        """Cancel what is left."""
        left = list(self._tasks)
        for task in left:
            task.cancel()
        if left:
            logger.warning("%s left %d tasks behind; they were cancelled.", self.said, len(left))


async def _all_of(steps: "Steps[T]") -> T:
    return await steps


class Steps(Generator[Any, Any, T]):
    """Drives a coroutine, and says meanwhile whose step it is."""

    def __init__(self, work: Coroutine[Any, Any, T], guest: _Guest) -> None:
        self._work = work
        self._guest = guest

    def __await__(self) -> Generator[Any, Any, T]:
        return self

    def send(self, value: Any) -> Any:
        """Go on with a value, which from a task is always None; or give way, as `asyncio.sleep(0)` does."""
        if self._guest.watch.is_breathing:
            return None
        return self._take(lambda: self._work.send(value))

    def throw(self, *error: Any) -> Any:
        """Go on with an error."""
        return self._take(lambda: self._work.throw(*error))

    def close(self) -> None:
        """End the coroutine where it stands."""
        self._work.close()

    def _take(self, step: Callable[[], Any]) -> Any:
        global _step
        outer, began = _step, time.monotonic()
        loop = asyncio.get_running_loop()
        factory = loop.get_task_factory()
        loop.set_task_factory(self._guest.begin_task)
        if threading.current_thread() is threading.main_thread():
            _step = Step(self._guest.watch, self._guest.said, began)
        try:
            return step()
        finally:
            _step = outer
            loop.set_task_factory(factory)
            if (took := time.monotonic() - began) > WARN_SECONDS:
                self._guest.watch.was_held(self._guest.said, took)


def _main_thread() -> int:
    ident = threading.main_thread().ident
    assert ident is not None
    return ident


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise an error in the step that was condemned, if that is what runs: it may have ended meanwhile."""
    step = _step
    if step is None or not step.is_condemned or not _is_inside_of_a_step(frame):
        return
    step.is_condemned = False
    raise HeldTheLoop(
        f"{step.said} held the event loop for more than {step.watch.limit:g} s, and with it every other execution: "
        'have it await, or declare where it may block, with runs_in = "thread" or "process".'
    )


def _is_inside_of_a_step(frame: FrameType | None) -> bool:
    """Whether a frame belongs to a guest's work: what drives it must not be torn."""
    if frame is None or frame.f_code is Steps._take.__code__:
        return False
    while frame is not None and frame.f_code is not Steps._take.__code__:
        frame = frame.f_back
    return frame is not None
