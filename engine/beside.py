"""A node that runs beside the event loop: how it is run, and what it may ask of the loop."""

import asyncio
import concurrent.futures
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


def from_a_thread(context: Context, is_cancelled: Callable[[], bool]) -> Context:
    """The context of a node for use in another thread: each call waits until the running loop has dealt with it."""
    loop = asyncio.get_running_loop()

    def on_loop(function: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            answer: Answer = concurrent.futures.Future()
            loop.call_soon_threadsafe(_answer, answer, function, arguments)
            return answer.result()

        return ask

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    return replace(
        context, log=on_loop(context.log), emit=on_loop(context.emit), waiter=wait, is_cancelled=is_cancelled
    )


def _answer(answer: Answer, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        answer.set_result(function(*arguments))
    except BaseException as error:
        answer.set_exception(error)
