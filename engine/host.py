"""Where nodes run: on the event loop, in threads, in processes."""

from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from engine.attempt import Outcome, begin, check_result, node_error, resume, take_result
from engine.beside import run_with
from engine.node import AnyNode, CallResult, Context
from engine.processes import Processes
from engine.threads import Threads
from engine.watch import Watch

THREADS = 32
PROCESSES = 4
HOLD_SECONDS = 2.0

Work = Coroutine[Any, Any, Outcome]


class Host:
    """Runs the attempts of nodes where their types say.

    At most `threads` and `processes` nodes run there at once; others wait for a place. `guests` are the types that did
    not come with Tidegate: a step of theirs on the loop is ended after `hold_seconds`, and what they give is checked
    against their ports. Raises nothing itself; what it begins raises `NodeError` when the attempt fails.
    """

    def __init__(
        self,
        *,
        guests: frozenset[str] = frozenset(),
        threads: int = THREADS,
        processes: int = PROCESSES,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        self._guests = guests
        self._threads = Threads(threads)
        self._processes = Processes(processes)
        self._watch = Watch(hold_seconds)

    def is_guest(self, node_type: type[AnyNode]) -> bool:
        """Whether the type did not come with Tidegate."""
        return node_type.type in self._guests

    def is_special(self, node_type: type[AnyNode]) -> bool:
        """Whether an attempt is more than a call on the loop: it is watched, or runs elsewhere."""
        return node_type.runs_in != "loop" or node_type.type in self._guests

    def place(self, node_type: type[AnyNode]) -> AbstractAsyncContextManager[None]:
        """A place for one attempt, waited for where all are taken."""
        match node_type.runs_in:
            case "thread":
                return self._threads.place(node_type)
            case "process":
                return self._processes.place()
            case _:
                return nullcontext()

    async def use(self, node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context) -> Outcome:
        """Run a node for another one that uses it; raises `NodeError`."""
        async with self.place(node_type):
            return await self.begin(node_type, inputs, context)

    def begin(self, node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context) -> Work:
        """Make the coroutine of one attempt, which has its place."""
        if not self.is_special(node_type):
            return begin(node_type, inputs, context)
        match node_type.runs_in:
            case "thread":
                return self._in_thread(node_type, inputs, context)
            case "process":
                return self._processes.run(node_type, inputs, context)
            case _:
                return self._watched(begin(node_type, inputs, context, check_result), node_type, context)

    def resume(
        self, node_type: type[AnyNode], inputs: Mapping[str, Any], results: Sequence[CallResult], context: Context
    ) -> Work:
        """Make the coroutine that goes on with an attempt whose calls have ended."""
        if not self.is_guest(node_type):
            return resume(node_type, inputs, results, context)
        return self._watched(resume(node_type, inputs, results, context, check_result), node_type, context)

    async def close(self) -> None:
        """End what runs beside the loop."""
        self._watch.close()
        await self._processes.close()

    def _watched(self, work: Work, node_type: type[AnyNode], context: Context) -> Work:
        return self._watch.run(work, node_type.type, f"{context.node_id} of {context.execution_id}")

    async def _in_thread(self, node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context) -> Outcome:
        try:
            result = await self._threads.run(node_type, run_with(node_type, inputs), context)
            return take_result(result, context.secrets)
        except Exception as error:
            raise node_error(error, context.secrets, node_type) from error
