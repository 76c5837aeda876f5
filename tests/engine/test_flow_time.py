"""The time that a flow may take, and ends that a command comes in between."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from engine.commands import Command, Pause, Resume, Stop
from engine.ledger import Append, Verdict
from engine.status import ErrorCode, ExecutionStatus
from tests.engine.log_rules import check_log
from tests.engine.running import Run, everything, flow, group, under_way, work
from tests.engine.virtual_clock import in_virtual_time
from tidegate.testing.memory import MemoryLedger

LIMIT = 1000


async def lives(run: Run, commands: Mapping[int, Command]) -> None:
    """Run while these commands come in at these milliseconds."""
    async with under_way(run, warm_seconds=10.0**6) as runner:
        begun = asyncio.get_running_loop().time()
        for at, command in commands.items():
            await asyncio.sleep(begun + at / 1000 - asyncio.get_running_loop().time())
            run.send(command)
            runner.mail()


@in_virtual_time
async def test_the_time_of_a_flow_stands_still_while_it_is_paused_and_goes_on_when_it_is_resumed() -> None:
    document = flow(work("long", "test.effect", lasts=60_000))
    paused = Run.of(document, options=everything(flow_timeout_ms=LIMIT))
    await lives(paused, {400: Pause(), 9000: Resume()})
    check_log(paused, document)
    assert paused.state.error
    assert paused.state.error.code is ErrorCode.TIMEOUT
    assert paused.at("FLOW_FAILED") == [9600]


@in_virtual_time
async def test_a_node_that_finishes_in_a_pause_takes_none_of_the_flows_time() -> None:
    document = flow(
        work("draining", "test.effect", lasts=5000),
        work("next", "test.effect", lasts=900),
        edges=["draining.x > next.a"],
    )
    paused = Run.of(document, options=everything(flow_timeout_ms=LIMIT))
    await lives(paused, {50: Pause(), 8000: Resume()})
    assert paused.status is ExecutionStatus.COMPLETED
    assert paused.state.active_ms(paused.ledger.now()) == 950


@in_virtual_time
async def test_groups_and_waits_take_none_of_the_flows_time() -> None:
    document = flow(group("g"), work("asleep", waits=5000, parent="g"), work("b", "test.effect", lasts=700, parent="g"))
    done = Run.of(document, options=everything(flow_timeout_ms=LIMIT))
    await lives(done, {})
    assert done.status is ExecutionStatus.COMPLETED
    assert done.state.active_ms(done.ledger.now()) == 700


class Interrupting(MemoryLedger):
    """A command comes in right before each of the first appends that would end the execution."""

    def __init__(self, *commands: Command) -> None:
        super().__init__()
        self.run: Run | None = None
        self.commands = list(commands)
        self.verdicts: list[Verdict] = []

    async def append(self, append: Append) -> Verdict:
        if append.release and self.commands and self.run:
            self.run.send(self.commands.pop(0))
        verdict = await super().append(append)
        if append.release:
            self.verdicts.append(verdict)
        return verdict


LONG = work("long", "test.effect", lasts=60_000)
FAILING = work("failing", "test.effect", lasts=100, fails=-1)
ENDS = {
    "a failure": (flow(LONG, FAILING), ErrorCode.NODE, 100),
    "the time limit": (flow(LONG), ErrorCode.TIMEOUT, LIMIT),
}
COMMANDS = {
    "a pause": (Pause(),),
    "a pause, then a resume": (Pause(), Resume()),
    "a pause, a resume and a pause": (Pause(), Resume(), Pause()),
}


async def interrupted(document: Mapping[str, Any], *commands: Command) -> Run:
    ledger = Interrupting(*commands)
    ledger.run = run = Run.of(document, options=everything(flow_timeout_ms=LIMIT), ledger=ledger)
    await asyncio.wait_for(run.go(), 3600)
    assert ledger.verdicts == [Verdict.INTERRUPTED] * len(commands) + [Verdict.COMMITTED]
    check_log(run, document)
    return run


@pytest.mark.parametrize("commands", COMMANDS.values(), ids=COMMANDS.keys())
@pytest.mark.parametrize(("document", "code", "at"), ENDS.values(), ids=ENDS.keys())
@in_virtual_time
async def test_an_end_that_a_pause_came_in_before_still_ends_it_at_once(
    document: Mapping[str, Any], code: ErrorCode, at: int, commands: tuple[Command, ...]
) -> None:
    failed = await interrupted(document, *commands)
    assert failed.status is ExecutionStatus.FAILED
    assert failed.state.error
    assert failed.state.error.code is code
    assert failed.at("FLOW_FAILED") == [at]
    assert failed.recorder.running == 0


@pytest.mark.parametrize(("document", "code", "at"), ENDS.values(), ids=ENDS.keys())
@in_virtual_time
async def test_an_end_that_a_stop_came_in_before_is_the_stops(
    document: Mapping[str, Any], code: ErrorCode, at: int
) -> None:
    stopped = await interrupted(document, Stop("enough"))
    assert stopped.status is ExecutionStatus.STOPPED
    assert stopped.at("FLOW_CANCELLED") == [at]


@in_virtual_time
async def test_a_completed_flow_that_a_pause_came_in_before_completes_when_it_is_resumed() -> None:
    done = await interrupted(flow(work("a")), Pause(), Resume())
    assert done.status is ExecutionStatus.COMPLETED
    assert done.story[-4:] == ["FLOW_PAUSED", "FLOW_DRAINED", "FLOW_RESUMED", "FLOW_COMPLETED"]


class Unsteady(Interrupting):
    """Its clock goes back a second when the end is first written."""

    def now(self) -> int:
        return super().now() - 1000 * bool(self.verdicts)


@in_virtual_time
async def test_a_time_limit_that_was_reached_stays_reached_although_the_clock_goes_back() -> None:
    ledger = Unsteady(Pause())
    ledger.run = run = Run.of(flow(LONG), options=everything(flow_timeout_ms=LIMIT), ledger=ledger)
    await asyncio.wait_for(run.go(), 3600)
    assert run.story[-3:] == ["FLOW_PAUSED", "NODE_FAILED long", "FLOW_FAILED"]
