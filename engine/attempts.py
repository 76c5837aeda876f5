"""The nodes that are running right now."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, cast

from engine.attempt import AwaitingSignal, Outcome, Waiting, run_at_once
from engine.calling import CallEnd, CallsRecord
from engine.commands import NodeOutcome, NodeWrote
from engine.early_outputs import EarlyOutputs, refuse_streams
from engine.errors import InputError, NodeError, NodeTimeout, ValueRefused
from engine.events import Calls
from engine.host import Host
from engine.ids import new_execution_id
from engine.in_place import NOWHERE, attempt_in_place, is_simple, looks_around, never_waits
from engine.node import CallResult, Context
from engine.node_log import NodeLogs
from engine.opening import opened
from engine.plan import PlanNode
from engine.reach import Reach
from engine.reporting import elapsed_ms, failure_command, outcome_command
from engine.secret_use import SecretUse
from engine.spawns import Emit, FlowEvent
from engine.state import State
from engine.stream_reading import StreamReading
from engine.stream_reference import is_stream_reference
from engine.values import FreshData, Value

Work = Callable[[], Coroutine[Any, Any, Outcome]]

CANCEL_GRACE_SECONDS = 1.0
EFFECT_CHECK_SECONDS = 0.1


@dataclass(slots=True)
class Trial:
    """One attempt of one node, the secrets that it uses, and the events that it has emitted so far.

    `early` is what it gives before its end; there is none where it is given no context to give it with.
    """

    node: PlanNode
    attempt: int
    secrets: SecretUse
    early: EarlyOutputs | None = None
    emits: tuple[Emit, ...] = ()

    def close(self, outputs: Mapping[str, Value]) -> None:
        """Take nothing more early; raises `NodeError` where what it gives in the end does not go with that."""
        if self.early is None:
            refuse_streams(self.node, outputs)
        else:
            self.early.check(outputs)
            self.early.close()


class Attempts:
    """Starts attempts and reports each one's outcome to `report`, as a command for `decide`.

    `may_begin` says whether what cannot be taken back may begin: it is asked at the last moment, because a process may
    have stood still since the attempt was started.

    A pure node of Tidegate's own that never waits is run in place. Everything else is a task of its own, with the
    node's time limit: what it still does after that, or after the end of the execution, has no consequence any more.
    """

    def __init__(
        self,
        state: State,
        report: Callable[[NodeOutcome], None],
        now: Callable[[], int],
        may_begin: Callable[[], bool],
        reach: Reach,
        streams: StreamReading,
        host: Host,
    ) -> None:
        self._state = state
        self._report = report
        self.logs = NodeLogs(state, report)
        self._now = now
        self._may_begin = may_begin
        self._reach = reach
        self._streams = streams
        self._clock = asyncio.get_running_loop().time
        self._host = host
        self._is_simple: Callable[[Any], bool] = cache(lambda kind: is_simple(kind) and not host.is_guest(kind))
        self._inputs = FreshData(state.setup.inputs)
        self._tasks: dict[asyncio.Task[None], Trial] = {}
        self._of_node: dict[int, set[asyncio.Task[None]]] = {}
        self._latest: dict[int, Trial] = {}
        self._cancelled: set[asyncio.Task[None]] = set()

    def start(self, node: PlanNode, attempt: int, inputs: Mapping[str, Value]) -> NodeOutcome | None:
        """Begin an attempt; its outcome where that is a mere call, else it comes through `report`."""
        if self._is_simple(node.node_type) and not (node.stream_inputs or node.stream_outputs):
            return attempt_in_place(node, attempt, inputs, self._clock)
        self._begin_trial(node, attempt, inputs)
        return None

    def _begin_trial(self, node: PlanNode, attempt: int, inputs: Mapping[str, Value]) -> None:
        kind, is_special = node.node_type, self._host.is_special(node.node_type)
        trial, context = self._trial(node, attempt, is_special or looks_around(kind.run))
        try:
            data = self._opened(node, inputs)
        except InputError as stray:
            self._report(self._failure(trial, stray, self._clock()))
            return
        if kind.pure and not is_special and never_waits(kind.run):
            self._run_in_place(trial, data, context)
        else:
            self._run_as_task(trial, partial(self._host.begin, kind, data, context))

    def resume(self, number: int) -> None:
        """Go on with an attempt whose calls have ended; its outcome comes through `report`."""
        node, record = self._state.plan.nodes[number], self._state.nodes[number]
        assert record.calls is not None
        (trial, around), results = self._trial(node, record.attempt, True), _results(record.calls)
        if trial.early:
            # It may be asked again after a crash, and what it gave would be there twice.
            trial.early.close()
        memo = record.calls.spec.memo
        context = replace(around, memo=memo.fresh() if memo else None)
        inputs = self._opened(node, record.inputs or {})
        self._run_as_task(trial, partial(self._host.resume, node.node_type, inputs, results, context))

    def taken(self, outcome: NodeWrote) -> None:
        """Note that what an attempt has written to a stream is on its way to the log."""
        trial = self._latest.get(outcome.node)
        if trial and trial.early and trial.attempt == outcome.attempt:
            trial.early.taken(outcome.port)

    def drop(self, number: int) -> None:
        """Cancel the attempt of a node, whose outcome does not count any more."""
        for task in self._of_node.get(number, ()):
            self._cancel(task)

    async def cancel(self) -> None:
        """Cancel what runs, and give it a moment to end."""
        tasks = self._tasks.keys() - self._cancelled
        for task in tasks:
            self._cancel(task)
        if tasks:
            await asyncio.wait(tasks, timeout=CANCEL_GRACE_SECONDS)

    def _trial(self, node: PlanNode, attempt: int, looks_around: bool) -> tuple[Trial, Context]:
        """An attempt, and its context; that is an empty one where nobody looks at it."""
        if not looks_around:
            return Trial(node, attempt, NOWHERE.secrets), NOWHERE
        secrets = SecretUse(self._reach.find_secret)
        early = EarlyOutputs(node, attempt, secrets, self._report)
        trial = Trial(node, attempt, secrets, early)
        return trial, self._context(trial, early)

    def _run_in_place(self, trial: Trial, inputs: Mapping[str, Any], context: Context) -> None:
        started = self._clock()
        try:
            outcome = run_at_once(trial.node.node_type, inputs, context)
            self._report(self._command(trial, outcome, started))
        except BaseException as error:
            self._report(self._failure(trial, error, started))

    def _run_as_task(self, trial: Trial, work: Work) -> None:
        task = asyncio.create_task(self._begin(trial, work))
        self._tasks[task] = self._latest[trial.node.number] = trial
        self._of_node.setdefault(trial.node.number, set()).add(task)
        task.add_done_callback(partial(self._end, trial, self._clock()))

    def _end(self, trial: Trial, started: float, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._cancelled.discard(task)
        self._forget(trial.node.number, task)
        if trial.early:
            trial.early.abandon()
        if self._latest.get(trial.node.number) is trial:
            del self._latest[trial.node.number]
        if not task.cancelled() and (error := task.exception()):
            self._report(self._failure(trial, error, started))

    def _forget(self, number: int, task: asyncio.Task[None]) -> None:
        tasks = self._of_node[number]
        tasks.discard(task)
        if not tasks:
            del self._of_node[number]

    async def _begin(self, trial: Trial, work: Work) -> None:
        node = trial.node
        while not (node.node_type.safe or self._may_begin()):
            await asyncio.sleep(EFFECT_CHECK_SECONDS)
        async with self._host.place(node.node_type):
            await self._run_in_time(trial, work, node.timeout_ms or self._state.setup.options.node_timeout_ms)

    async def _run_in_time(self, trial: Trial, work: Work, limit: int) -> None:
        """Run an attempt for at most so many milliseconds."""
        started = self._clock()
        task = cast(asyncio.Task[None], asyncio.current_task())
        expire = partial(self._expire, task, trial, limit, started)
        timer = asyncio.get_running_loop().call_later(limit / 1000, expire)
        try:
            await self._supervise(trial, work, started)
        finally:
            timer.cancel()

    def _expire(self, task: asyncio.Task[None], trial: Trial, limit: int, started: float) -> None:
        self._cancel(task)
        error = NodeTimeout(f"The node took longer than {limit} ms.")
        self._report(self._failure(trial, error, started))

    def _cancel(self, task: asyncio.Task[None]) -> None:
        self._cancelled.add(task)
        task.cancel()

    async def _supervise(self, trial: Trial, work: Work, started: float) -> None:
        try:
            command = self._command(trial, await work(), started)
        except GeneratorExit:
            # Perhaps the loop is being taken apart; a node that raised it is told of by the task's end.
            raise
        except BaseException as error:
            if asyncio.current_task() in self._cancelled:
                return
            # Not only errors: a node may cancel itself, or raise what would end the whole process.
            command = self._failure(trial, error, started)
        self._report(command)

    def _command(self, trial: Trial, outcome: Outcome, started: float) -> NodeOutcome:
        if trial.early or trial.node.stream_outputs:
            trial.close(_outputs(outcome))
        if trial.emits and isinstance(outcome, (Waiting, AwaitingSignal, Calls)):
            # Its events would be lost: they count when the attempt completes, and by then this trial is forgotten.
            raise NodeError("The node emitted events before it waits; it may emit only where it gives its outputs.")
        return outcome_command(trial.node, trial.attempt, outcome, self._elapsed(started), trial.emits)

    def _failure(self, trial: Trial, error: BaseException, started: float) -> NodeOutcome:
        with suppress(ValueRefused):
            if trial.early:
                trial.early.close()
        return failure_command(trial.node, trial.attempt, error, trial.secrets, self._elapsed(started))

    def _emit(self, trial: Trial, event_name: str, payload: Any) -> str | None:
        """Take note of an event that somebody listens to; gives the id of the child that will run for it."""
        event = FlowEvent(event_name, trial.secrets.scrub_value(Value.of(payload)))
        if event_name not in self._state.plan.listeners:
            return None
        emit = Emit(new_execution_id(), event)
        trial.emits = (*trial.emits, emit)
        return emit.child_id

    def _context(self, trial: Trial, early: EarlyOutputs) -> Context:
        setup, node = self._state.setup, trial.node
        return Context(
            execution_id=setup.execution_id,
            root_execution_id=setup.root_execution_id or setup.execution_id,
            parent_execution_id=setup.parent_execution_id,
            depth=setup.depth,
            node_id=node.id,
            attempt=trial.attempt,
            idempotency_key=f"{setup.execution_id}:{node.id}",
            inputs=self._inputs,
            integration=_copied(setup.integration),
            event_payload=setup.event.payload.fresh() if setup.event else None,
            children_spawned=self._state.nodes[node.number].spawned,
            now=self._time,
            log=self.logs.of(node.number, trial.attempt, trial.secrets),
            emit=partial(self._emit, trial),
            resolve=early.resolve,
            chunk=early.chunk,
            reach=self._reach,
            secrets=trial.secrets,
            use=self._host.use,
        )

    def _elapsed(self, started: float) -> float:
        return elapsed_ms(started, self._clock())

    def _opened(self, node: PlanNode, inputs: Mapping[str, Value]) -> dict[str, Any]:
        """The data of inputs, with streams that can be read; raises `InputError` as `opened` does."""
        data = opened(node, inputs)
        for port in node.stream_inputs:
            if port in data:
                data[port] = self._open(data[port], port, node.node_type.safe)
        return data

    def _open(self, data: Any, port: str, is_safe: bool) -> Any:
        if isinstance(data, list):
            return [self._open(each, port, is_safe) for each in data]
        return self._streams.open(data, port, is_safe=is_safe) if is_stream_reference(data) else data

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self._now() / 1000, UTC)


def _outputs(outcome: Outcome) -> Mapping[str, Value]:
    match outcome:
        case dict():
            return outcome
        case Waiting():
            return outcome.outputs
        case AwaitingSignal() | Calls():
            return {}


def _results(calls: CallsRecord) -> list[CallResult]:
    return [_result(calls.ends[place]) for place in range(calls.spec.count)]


def _result(end: CallEnd) -> CallResult:
    outputs = None if end.outputs is None else {name: value.fresh() for name, value in end.outputs.items()}
    return CallResult(end.child_id, outputs, end.error)


def _copied(data: Any) -> Any:
    return deepcopy(data) if isinstance(data, (dict, list)) else data
