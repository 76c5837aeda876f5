"""The nodes that are running right now."""

import asyncio
import dis
import random
from collections.abc import Callable, Coroutine, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache, partial
from inspect import iscoroutinefunction
from typing import Any, cast

from engine.attempt import Outcome, Waiting, begin, node_error, printable
from engine.commands import Command, NodeErred, NodeSucceeded, NodeWaits
from engine.entry import milliseconds
from engine.errors import NodeError, NodeTimeout
from engine.events import ExecutionError
from engine.node import Context
from engine.node_log import NodeLogs
from engine.plan import PlanNode
from engine.state import State
from engine.status import NODE_CODES, ErrorCode
from engine.values import FreshData, Value

Work = Callable[[], Coroutine[Any, Any, Outcome]]

CANCEL_GRACE_SECONDS = 1.0
EFFECT_CHECK_SECONDS = 0.1


class Attempts:
    """Starts attempts and reports each one's outcome to `report`, as a command for `decide`.

    `may_begin` says whether what cannot be taken back may begin: it is asked at the last moment, because a process may
    have stood still since the attempt was started.

    A pure node that never waits is run in place. Everything else is a task of its own, with the node's time limit:
    what it still does after that, or after the end of the execution, has no consequence any more.
    """

    def __init__(
        self,
        state: State,
        report: Callable[[Command], None],
        now: Callable[[], int],
        may_begin: Callable[[], bool],
        http_allow: frozenset[str] = frozenset(),
    ) -> None:
        self._state = state
        self._report = report
        self.logs = NodeLogs(state, report)
        self._now = now
        self._may_begin = may_begin
        self._http_allow = http_allow
        self._inputs = FreshData(state.setup.inputs)
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancelled: set[asyncio.Task[None]] = set()

    def start(self, number: int, attempt: int, inputs: Mapping[str, Value]) -> None:
        """Begin an attempt; its outcome comes through `report`, perhaps before this returns."""
        node = self._state.plan.nodes[number]
        data = {port: value.fresh() for port, value in inputs.items()}
        work = partial(begin, node.node_type, data, self._context(node, attempt))
        if node.node_type.pure and _never_waits(node.node_type.run):
            self._run_in_place(number, attempt, work)
        else:
            self._run_as_task(number, attempt, work)

    async def cancel(self) -> None:
        """Cancel what runs, and give it a moment to end."""
        tasks = self._tasks - self._cancelled
        for task in tasks:
            self._cancel(task)
        if tasks:
            await asyncio.wait(tasks, timeout=CANCEL_GRACE_SECONDS)

    def _run_in_place(self, number: int, attempt: int, work: Work) -> None:
        started = _clock()
        try:
            work().send(None)
        except StopIteration as done:
            self._report(self._command(number, attempt, done.value, started))
        except BaseException as error:
            self._report(self._failure(number, attempt, error, started))

    def _run_as_task(self, number: int, attempt: int, work: Work) -> None:
        task = asyncio.create_task(self._begin(number, attempt, work))
        self._tasks.add(task)
        task.add_done_callback(partial(self._end, number, attempt, _clock()))

    def _end(self, number: int, attempt: int, started: float, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._cancelled.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._report(self._failure(number, attempt, error, started))

    async def _begin(self, number: int, attempt: int, work: Work) -> None:
        node = self._state.plan.nodes[number]
        while not (node.node_type.safe or self._may_begin()):
            await asyncio.sleep(EFFECT_CHECK_SECONDS)
        limit, started = node.timeout_ms or self._state.setup.options.node_timeout_ms, _clock()
        task = cast(asyncio.Task[None], asyncio.current_task())
        expire = partial(self._expire, task, number, attempt, limit, started)
        timer = asyncio.get_running_loop().call_later(limit / 1000, expire)
        try:
            await self._supervise(number, attempt, work, started)
        finally:
            timer.cancel()

    def _expire(self, task: asyncio.Task[None], number: int, attempt: int, limit: int, started: float) -> None:
        self._cancel(task)
        error = NodeTimeout(f"The node took longer than {limit} ms.")
        self._report(self._failure(number, attempt, error, started))

    def _cancel(self, task: asyncio.Task[None]) -> None:
        self._cancelled.add(task)
        task.cancel()

    async def _supervise(self, number: int, attempt: int, work: Work, started: float) -> None:
        try:
            command = self._command(number, attempt, await work(), started)
        except GeneratorExit:
            # Perhaps the loop is being taken apart; a node that raised it is told of by the task's end.
            raise
        except BaseException as error:
            if asyncio.current_task() in self._cancelled:
                return
            # Not only errors: a node may cancel itself, or raise what would end the whole process.
            command = self._failure(number, attempt, error, started)
        self._report(command)

    def _command(self, number: int, attempt: int, outcome: Outcome, started: float) -> Command:
        if isinstance(outcome, Waiting):
            return NodeWaits(number, attempt, milliseconds(outcome.until), outcome.outputs)
        return NodeSucceeded(number, attempt, outcome, _elapsed(started))

    def _failure(self, number: int, attempt: int, error: BaseException, started: float) -> Command:
        node_id = self._state.plan.nodes[number].id
        said = execution_error(node_error(error), node_id)
        return NodeErred(number, attempt, said, _elapsed(started), random.random())

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
            integration=_copied(setup.integration),
            now=self._time,
            log=self.logs.of(node.number, attempt),
            http_allow=self._http_allow,
        )

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self._now() / 1000, UTC)


def execution_error(error: NodeError, node_id: str) -> ExecutionError:
    """Turn what a node raised into what its events say; a subclass may have forgotten to call its parent."""
    return ExecutionError(
        code=_code(getattr(error, "failure_code", None)),
        message=printable(getattr(error, "message", None) or NodeError.__doc__),
        node_id=node_id,
        retryable=bool(getattr(error, "retryable", False)),
    )


def _code(code: object) -> ErrorCode:
    """The code that a node gave, if it is one that a node may give."""
    return ErrorCode(code) if isinstance(code, str) and code in NODE_CODES else ErrorCode.NODE


def _copied(data: Any) -> Any:
    return deepcopy(data) if isinstance(data, (dict, list)) else data


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _elapsed(started: float) -> float:
    return round((_clock() - started) * 1000, 3)


@cache
def _never_waits(run: Callable[..., Any]) -> bool:
    """Whether a node's `run` has no `await` in it.

    Only such a node can run to its end outside of a task: whatever waits may ask for the task that it is in.
    """
    return iscoroutinefunction(run) and not any(step.opname == "SEND" for step in dis.get_instructions(run))
