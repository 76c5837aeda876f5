"""In a pause nothing starts; what is settled is recorded, and the flow ends only after it, or of a failure."""

import asyncio

from engine.commands import Pause, Resume, Step, Stop
from engine.events import NodeFailed
from engine.status import ErrorCode, ExecutionStatus
from tests.engine.commanded import paused, running, starts
from tests.engine.running import flow, group, output, until, work
from tests.engine.virtual_clock import in_virtual_time

LONG = "test.effect"


@in_virtual_time
async def test_a_resume_that_meets_a_running_execution_is_acknowledged() -> None:
    async with running(flow(work("a", LONG, lasts=1000))) as root:
        root.send(Resume())
        await until(lambda: "FLOW_RESUMED" in root.story)
        assert root.told_status is ExecutionStatus.RUNNING
        assert not root.has_ended
    assert root.story[-2:] == ["NODE_COMPLETED a", "FLOW_COMPLETED"]


@in_virtual_time
async def test_a_node_that_ran_into_a_pause_and_was_lost_there_waits_for_its_end() -> None:
    async with running(flow(work("a", LONG, lasts=5000), work("b", LONG, lasts=5000))) as root:
        await until(lambda: starts(root) == ["a", "b"])
        root.send(Pause())
        await until(lambda: root.told_status is ExecutionStatus.PAUSED)
        root.lose()
        await asyncio.sleep(60)
        assert starts(root) == ["a", "b"]
        assert root.story[-2:] == ["EXECUTION_RECOVERED", "FLOW_DRAINED"]
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["a", "b", "a"]
        root.send(Resume())
    assert root.status is ExecutionStatus.COMPLETED


# --- what a pause holds up, and what not ------------------------------------------------------------------------------


@in_virtual_time
async def test_what_is_settled_is_recorded_in_a_pause_and_the_flow_completes_after_it() -> None:
    document = flow(
        work("a", LONG, lasts=1000, gives=[]),
        work("skipped"),
        work("asleep", LONG, waits=5000),
        group("g"),
        work("m", LONG, lasts=2000, parent="g"),
        edges=["a.x > skipped.a"],
    )
    async with running(document) as root:
        await until(lambda: len(starts(root)) == 4)
        root.send(Pause())
        await asyncio.sleep(60)
        assert root.at("NODE_SKIPPED", "skipped") == [1000]
        assert root.at("NODE_COMPLETED", "g") == [2000]
        assert root.at("NODE_COMPLETED", "asleep") == [5000]
        assert not root.has_ended
        root.send(Resume())
    assert root.story[-2:] == ["FLOW_RESUMED", "FLOW_COMPLETED"]


@in_virtual_time
async def test_a_step_of_the_last_node_does_not_complete_the_flow() -> None:
    async with paused(flow(work("a"), output("o"), edges=["a.x > o.value"])) as root:
        for _ in range(5):
            root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["a", "o"]
        assert not root.has_ended
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_failure_that_nothing_handles_ends_a_paused_flow() -> None:
    async with running(flow(work("a", LONG, lasts=1000, fails=-1), work("b", LONG, lasts=90_000))) as root:
        await until(lambda: len(starts(root)) == 2)
        root.send(Pause())
    assert root.status is ExecutionStatus.FAILED
    assert root.at("FLOW_FAILED") == [1000]
    assert root.of_node("b", NodeFailed)[0].error.code is ErrorCode.CANCELLED


@in_virtual_time
async def test_a_stepped_node_that_fails_ends_the_flow() -> None:
    async with paused(flow(work("a", LONG, fails=-1), work("b"))) as root:
        root.send(Step())
        await until(lambda: root.has_ended)
    assert root.status is ExecutionStatus.FAILED
    assert starts(root) == ["a"]


@in_virtual_time
async def test_a_stop_ends_a_paused_flow_with_unused_steps() -> None:
    async with paused(flow(work("a", LONG, lasts=10**6))) as root:
        root.send(Step())
        root.send(Step())
        await asyncio.sleep(60)
        root.send(Stop("enough"))
    assert root.story[-2:] == ["NODE_FAILED a", "FLOW_CANCELLED"]


# --- draining ---------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_pause_in_which_nothing_runs_is_drained_at_once() -> None:
    async with paused(flow(work("a"))) as root:
        await asyncio.sleep(60)
        assert root.story == ["FLOW_STARTED", "FLOW_PAUSED", "FLOW_DRAINED"]


@in_virtual_time
async def test_a_pause_is_drained_when_the_last_running_node_has_ended() -> None:
    async with running(flow(work("a", LONG, lasts=1000), work("b", LONG, lasts=3000))) as root:
        await until(lambda: len(starts(root)) == 2)
        root.send(Pause())
        await asyncio.sleep(60)
        assert root.at("FLOW_DRAINED") == [3000]
        root.send(Resume())


@in_virtual_time
async def test_draining_does_not_wait_for_waits() -> None:
    async with running(flow(work("a", LONG, waits=50_000))) as root:
        await until(lambda: "NODE_WAITING a" in root.story)
        root.send(Pause())
        await asyncio.sleep(1)
        assert root.story[-2:] == ["FLOW_PAUSED", "FLOW_DRAINED"]
        root.send(Resume())


@in_virtual_time
async def test_steps_are_not_followed_by_a_drained_of_their_own() -> None:
    async with paused(flow(work("a"), work("b", LONG, lasts=10))) as root:
        root.send(Step())
        root.send(Step())
        await asyncio.sleep(60)
        assert root.story.count("FLOW_DRAINED") == 1


@in_virtual_time
async def test_a_node_that_is_stepped_while_the_flow_drains_has_to_end_first() -> None:
    async with running(flow(work("a", LONG, lasts=1000), work("b", LONG, lasts=9000), work("c"))) as root:
        await until(lambda: starts(root)[:1] == ["a"])
        root.send(Pause())
        await asyncio.sleep(60)
        assert root.story.count("FLOW_DRAINED") == 1
        root.send(Resume())


@in_virtual_time
async def test_each_pause_is_acknowledged_and_drained_also_where_the_flow_is_paused_already() -> None:
    async with paused(flow(work("a"))) as root:
        await asyncio.sleep(1)
        root.send(Pause("again"))
        await asyncio.sleep(1)
        assert root.story == ["FLOW_STARTED", *["FLOW_PAUSED", "FLOW_DRAINED"] * 2]


@in_virtual_time
async def test_a_resume_while_the_flow_drains_takes_the_word_back() -> None:
    async with running(flow(work("a", LONG, lasts=1000), work("b"), edges=["a.x > b.a"])) as root:
        await until(lambda: starts(root) == ["a"])
        root.send(Pause())
        root.send(Resume())
    assert "FLOW_DRAINED" not in root.story
    assert root.status is ExecutionStatus.COMPLETED
