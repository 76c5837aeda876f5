"""Runs every node in this thread, wherever its type says that it runs: nothing else waits here."""

from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Any

from engine.attempt import Outcome, begin, check_result, node_error, take_result
from engine.beside import run_with
from engine.host import Host
from engine.node import AnyNode, Context


class InPlace(Host):
    """A host for tests, in which a debugger stops in all nodes alike."""

    def place(self, node_type: type[AnyNode]) -> AbstractAsyncContextManager[None]:
        """No place has to be waited for."""
        return nullcontext()

    def begin(
        self, node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context
    ) -> Coroutine[Any, Any, Outcome]:
        """As `Host.begin`."""
        if node_type.runs_in == "loop":
            return begin(node_type, inputs, context, check_result)
        return _run(node_type, inputs, replace(context, waiter=_finish))


async def _run(node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context) -> Outcome:
    try:
        return take_result(run_with(node_type, inputs)(context), context.secrets)
    except Exception as error:
        raise node_error(error, context.secrets, node_type) from error


def _finish(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives that has nothing to wait for, as all that a context offers here."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    work.close()
    raise RuntimeError("In a test, context.wait takes only what the context itself offers.")
