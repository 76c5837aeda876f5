"""A node that runs beside the event loop: how it is run, and what it may ask of the loop."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from engine.attempt import check_inputs, check_result
from engine.node import AnyNode, Context

Answer = concurrent.futures.Future[Any]


def run_with(node_type: type[AnyNode], inputs: Mapping[str, Any]) -> Callable[[Context], Any]:
    """What runs a node that blocks, with these inputs, in a context."""

    def work(context: Context) -> Any:
        result = node_type().run(check_inputs(node_type.input_model, inputs), context)
        check_result(node_type, result)
        return result

    return work


class Left:
    """Whether nobody waits for a thread any more; then it waits for nothing on the loop either."""

    def __init__(self) -> None:
        self._is_set = threading.Event()
        self._waits: set[Answer] = set()

    @property
    def is_set(self) -> bool:
        return self._is_set.is_set()

    def set(self) -> None:
        """End the thread's waits."""
        self._is_set.set()
        for each in list(self._waits):
            each.cancel()

    def wait(self, work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
        """What the loop makes of the work, for the thread."""
        answer = asyncio.run_coroutine_threadsafe(work, loop)
        self._waits.add(answer)
        if self.is_set:
            answer.cancel()
        try:
            return answer.result()
        finally:
            self._waits.discard(answer)


def from_a_thread(context: Context, left: Left) -> Context:
    """The context of a node for use in another thread: each call waits until the running loop has dealt with it."""
    loop = asyncio.get_running_loop()

    def on_loop(function: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            answer: Answer = concurrent.futures.Future()
            loop.call_soon_threadsafe(_answer, answer, function, arguments)
            return answer.result()

        return ask

    return replace(
        context,
        log=on_loop(context.log),
        emit=on_loop(context.emit),
        waiter=lambda work: left.wait(work, loop),
        is_cancelled=lambda: left.is_set,
    )


def _answer(answer: Answer, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        answer.set_result(function(*arguments))
    except BaseException as error:
        answer.set_exception(error)
