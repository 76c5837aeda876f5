"""What nodes write to their logs: bounded, dropped with the attempt, and free where it is not recorded."""

import asyncio
import tracemalloc

import pytest

from engine.attempt import CUT, MESSAGE_BYTES, printable
from engine.errors import NodeError
from engine.events import NodeDebugLogString, NodeFailed
from engine.node import Context, Input, Node, Output
from engine.node_log import LEFT_OUT, LINE_BYTES, LINES_WAITING
from engine.options import ExecutionOptions
from engine.registry import Registry
from engine.status import RecordEvents
from tests.engine.running import Run, flow, work
from tests.engine.scripted import WORK
from tests.engine.virtual_clock import in_virtual_time


class LoudInput(Input):
    lines: int
    rounds: int = 1
    message: str = ""
    late: bool = False


class Loud(Node[LoudInput, Output]):
    """Writes so many lines at once, again and again, and fails if it has a message."""

    type = "test.loud"

    async def run(self, inputs: LoudInput, context: Context) -> Output:
        for each in range(inputs.rounds):
            for line in range(inputs.lines):
                context.log(f"{each}.{line}")
            await asyncio.sleep(1)
        if inputs.late:
            asyncio.get_running_loop().call_later(1, context.log, "too late")
        if inputs.message:
            raise NodeError(inputs.message)
        return Output()


REGISTRY = Registry([Loud, *WORK])


def loud(node_id: str, **inputs: int | str) -> dict[str, object]:
    return {"id": node_id, "type": "test.loud", "inputs": inputs}


async def lines_of(run: Run, node_id: str) -> list[str]:
    await run.live()
    return [event.log for event in run.of_node(node_id, NodeDebugLogString)]


@in_virtual_time
async def test_lines_that_can_be_recorded_are_all_recorded_in_order() -> None:
    document = flow(loud("a", lines=LINES_WAITING, rounds=3))
    lines = await lines_of(Run.of(document, REGISTRY), "a")
    assert lines == [f"{each}.{line}" for each in range(3) for line in range(LINES_WAITING)]


@in_virtual_time
async def test_lines_beyond_what_may_wait_are_left_out_and_one_line_says_so() -> None:
    lines = await lines_of(Run.of(flow(loud("a", lines=LINES_WAITING * 5, rounds=2)), REGISTRY), "a")
    kept = [*(f"{number}" for number in range(LINES_WAITING)), LEFT_OUT]
    assert [line.removeprefix("0.").removeprefix("1.") for line in lines] == kept * 2


@in_virtual_time
async def test_each_node_has_room_of_its_own() -> None:
    run = Run.of(flow(loud("a", lines=LINES_WAITING * 2), loud("b", lines=3)), REGISTRY)
    assert len(await lines_of(run, "a")) == LINES_WAITING + 1
    assert len(run.of_node("b", NodeDebugLogString)) == 3


@in_virtual_time
async def test_a_line_of_an_attempt_that_has_ended_is_dropped() -> None:
    document = flow(loud("a", lines=1, late=True), work("long", "test.safe", lasts=10_000))
    assert await lines_of(Run.of(document, REGISTRY), "a") == ["0.0"]


@pytest.mark.parametrize("recorded", [RecordEvents.NODES, RecordEvents.FLOW])
@in_virtual_time
async def test_where_logs_are_not_recorded_a_line_costs_nothing(recorded: RecordEvents) -> None:
    run = Run.of(flow(loud("a", lines=100_000)), REGISTRY, options=ExecutionOptions(record_events=recorded))
    tracemalloc.start()
    try:
        assert await lines_of(run, "a") == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("x" * (MESSAGE_BYTES + 1), "x" * MESSAGE_BYTES + CUT),
        ("ä" * MESSAGE_BYTES, "ä" * (MESSAGE_BYTES // 2) + CUT),
        ("x" * MESSAGE_BYTES, "x" * MESSAGE_BYTES),
    ],
    ids=["a byte too long", "twice as long in bytes", "as long as may be"],
)
@in_virtual_time
async def test_a_message_that_is_too_long_is_cut_and_says_so(message: str, kept: str) -> None:
    done = await Run.of(flow(loud("a", lines=0, message=message)), REGISTRY).live()
    assert done.of_node("a", NodeFailed)[0].error.message == kept


def test_what_cannot_be_stored_is_replaced() -> None:
    assert printable("a\0b\ud800c", LINE_BYTES) == "a�b?c"
