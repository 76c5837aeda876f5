"""The nodes that are running right now."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Generator, Mapping
from datetime import UTC, datetime
from types import coroutine
from typing import Any

from engine.attempt import Outcome, Waiting, begin
from engine.commands import Command, NodeErred, NodeLogged, NodeSucceeded, NodeWaits
from engine.entry import milliseconds
from engine.errors import NodeError, NodeTimeout
from engine.events import ExecutionError
from engine.node import Context
from engine.plan import PlanNode
from engine.state import State
from engine.status import ErrorCode
from engine.values import Value

Work = Coroutine[Any, Any, Outcome]

CANCEL_GRACE_SECONDS = 1.0


class Attempts:
    """Starts attempts and reports each one's outcome to `report`, as a command for `decide`.

    A pure node is run in place as far as it goes without waiting, which for most is to the end. Everything else is a
    task of its own, with the node's time limit.
    """

    def __init__(
        self,
        state: State,
        report: Callable[[Command], None],
        now: Callable[[], int],
        http_allow: frozenset[str] = frozenset(),
    ) -> None:
        self._state = state
        self._report = report
        self._now = now
        self._http_allow = http_allow
        self._inputs = {name: value.data for name, value in state.setup.inputs.items()}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, number: int, attempt: int, inputs: Mapping[str, Value]) -> None:
        """Begin an attempt; its outcome comes through `report`, perhaps before this returns."""
        node = self._state.plan.nodes[number]
        data = {port: value.data for port, value in inputs.items()}
        work = begin(node.node_type, data, self._context(node, attempt))
        started = asyncio.get_running_loop().time()
        if node.node_type.pure:
            self._run_in_place(number, attempt, work, started)
        else:
            self._run_as_task(number, attempt, work, started)

    async def cancel(self) -> None:
        """Cancel what runs, and give it a moment to end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CANCEL_GRACE_SECONDS)

    def _run_in_place(self, number: int, attempt: int, work: Work, started: float) -> None:
        try:
            pending = work.send(None)
        except StopIteration as done:
            self._report(self._command(number, attempt, done.value, started))
        except NodeError as error:
            self._report(self._failure(number, attempt, error, started))
        else:
            self._run_as_task(number, attempt, _go_on(work, pending), started)

    def _run_as_task(self, number: int, attempt: int, work: Work, started: float) -> None:
        task = asyncio.create_task(self._supervise(number, attempt, work, started))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _supervise(self, number: int, attempt: int, work: Work, started: float) -> None:
        limit = self._state.plan.nodes[number].timeout_ms or self._state.setup.options.node_timeout_ms
        try:
            async with asyncio.timeout(limit / 1000):
                outcome = await work
        except TimeoutError:
            command = self._failure(number, attempt, NodeTimeout(f"The node took longer than {limit} ms."), started)
        except NodeError as error:
            command = self._failure(number, attempt, error, started)
        else:
            command = self._command(number, attempt, outcome, started)
        self._report(command)

    def _command(self, number: int, attempt: int, outcome: Outcome, started: float) -> Command:
        if isinstance(outcome, Waiting):
            return NodeWaits(number, attempt, milliseconds(outcome.until), outcome.outputs)
        return NodeSucceeded(number, attempt, outcome, _elapsed(started))

    def _failure(self, number: int, attempt: int, error: NodeError, started: float) -> Command:
        node_id = self._state.plan.nodes[number].id
        return NodeErred(number, attempt, execution_error(error, node_id), _elapsed(started), random.random())

    def _context(self, node: PlanNode, attempt: int) -> Context:
        setup = self._state.setup
        return Context(
            execution_id=setup.execution_id,
            root_execution_id=setup.root_execution_id or setup.execution_id,
            parent_execution_id=setup.parent_execution_id,
            depth=setup.depth,
            node_id=node.id,
            attempt=attempt,
            idempotency_key=f"{setup.execution_id}:{node.id}",
            inputs=self._inputs,
            integration=setup.integration,
            now=self._clock,
            log=lambda text: self._report(NodeLogged(node.number, text)),
            http_allow=self._http_allow,
        )

    def _clock(self) -> datetime:
        return datetime.fromtimestamp(self._now() / 1000, UTC)


def execution_error(error: NodeError, node_id: str | None) -> ExecutionError:
    """Turn what a node raised into what its events say."""
    known = error.failure_code in ErrorCode.__members__
    code = ErrorCode(error.failure_code) if known else ErrorCode.NODE
    return ExecutionError(code=code, message=error.message, node_id=node_id, retryable=error.retryable)


def _elapsed(started: float) -> float:
    return round((asyncio.get_running_loop().time() - started) * 1000, 3)


@coroutine
def _steps(work: Work, pending: Any) -> Generator[Any, Any, Outcome]:
    """Go on with a coroutine that has already run up to its first wait."""
    try:
        while True:
            try:
                sent = yield pending
            except BaseException as error:
                pending = work.throw(error)
            else:
                pending = work.send(sent)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


async def _go_on(work: Work, pending: Any) -> Outcome:
    return await _steps(work, pending)
