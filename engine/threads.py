"""Runs nodes that block in threads, one for each attempt, so many at once.

A thread cannot be ended. When nobody waits for its node any more it is told so, by `Context.is_cancelled` and by an
error that is raised in it as soon as it is at Python code again; until then it is left to itself.
"""

import asyncio
import contextvars
import ctypes
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from engine.beside import Left, from_a_thread
from engine.errors import NodeError
from engine.node import AnyNode, Context

logger = logging.getLogger(__name__)


class ThreadLeft(BaseException):
    """Nobody waits for this thread's node any more."""


class Threads:
    """Places for `limit` nodes at once, and as many threads again of nodes that have ended and go on nevertheless."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._places = asyncio.Semaphore(limit)
        self._left: dict[threading.Thread, str] = {}

    @asynccontextmanager
    async def place(self, node_type: type[AnyNode]) -> AsyncIterator[None]:
        """A place from entry to exit; raises `NodeError` if too many threads do not end."""
        async with self._places:
            if len(self._going_on()) >= self._limit:
                held = ", ".join(sorted(set(self._left.values())))
                raise NodeError(f"No thread is free: {self._limit} are held by nodes that have ended, of {held}.")
            yield

    async def run(self, node_type: type[AnyNode], work: Callable[[Context], Any], context: Context) -> Any:
        """What the work gives in a thread of its own, or raises."""
        attempt = _Attempt(context, work)
        try:
            return await attempt.start()
        except asyncio.CancelledError:
            if attempt.thread.is_alive():
                self._leave(node_type.type, context, attempt)
            raise

    def _going_on(self) -> Mapping[threading.Thread, str]:
        self._left = {thread: name for thread, name in self._left.items() if thread.is_alive()}
        return self._left

    def _leave(self, name: str, context: Context, attempt: "_Attempt") -> None:
        attempt.leave()
        self._left[attempt.thread] = name
        logger.warning(
            "The node type %s (%s of %s) has ended, but its thread may go on. Threads that do so now: %d.",
            name,
            context.node_id,
            context.execution_id,
            len(self._going_on()),
        )


class _Attempt:
    def __init__(self, context: Context, work: Callable[[Context], Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._left = Left()
        self._work = work
        self._context = from_a_thread(context, self._left)
        target = contextvars.copy_context().run
        self.thread = threading.Thread(target=target, args=(self._run,), name=context.node_id, daemon=True)

    def start(self) -> "asyncio.Future[Any]":
        self.thread.start()
        return self._ended

    def leave(self) -> None:
        """Tell the thread that nobody waits for it any more."""
        if ident := self.thread.ident:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(ThreadLeft))
        self._left.set()

    def _run(self) -> None:
        try:
            self._tell(self._work(self._context), None)
        except ThreadLeft:
            pass
        except BaseException as error:
            self._tell(None, error)

    def _tell(self, result: Any, error: BaseException | None) -> None:
        # When the loop is closed nobody waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end, result, error)

    def _end(self, result: Any, error: BaseException | None) -> None:
        if self._ended.done():
            return
        if error is None:
            self._ended.set_result(result)
        else:
            self._ended.set_exception(_raisable(error))


def _raisable(error: BaseException) -> Exception:
    """An error as a task can take it: StopIteration it cannot, and what ends a process must not."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    said = str(error)
    return NodeError(f"{type(error).__name__}: {said}" if said else type(error).__name__)
