"""A step lets one node of a paused execution start, and nothing else."""

import asyncio

import pytest

from engine.commands import Pause, Resume, Step
from engine.options import MAX_DURATION_MS
from engine.status import ErrorCode, ExecutionStatus, NodeFailurePolicy
from tests.engine.commanded import after, paused, running, starts
from tests.engine.running import everything, flow, group, until, work
from tests.engine.virtual_clock import in_virtual_time

RETRY = {"maxAttempts": 2, "initialDelayMs": 100, "jitter": 0.0}
LONG = "test.effect"


@in_virtual_time
async def test_a_step_starts_the_first_ready_node_in_document_order_and_no_other() -> None:
    async with paused(flow(work("late"), work("b"), work("a"), edges=["a.x > late.a"])) as root:
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["b"]
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["b", "a"]
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["b", "a", "late"]
        assert root.told_status is ExecutionStatus.PAUSED
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_steps_that_come_together_start_one_node_each() -> None:
    async with paused(flow(work("a"), work("b"), work("c"))) as root:
        root.send(Step())
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["a", "b"]
        assert root.story.count("FLOW_STEPPED") == 2


@in_virtual_time
async def test_a_step_with_nothing_ready_lets_the_next_node_start_that_becomes_so() -> None:
    document = flow(work("a", LONG, lasts=1000), work("b", LONG), work("c"), edges=["a.x > b.a", "b.x > c.a"])
    async with running(document) as root:
        await until(lambda: starts(root) == ["a"])
        root.send(Pause())
        root.send(Step())
        await asyncio.sleep(0.5)
        assert starts(root) == ["a"]
        await asyncio.sleep(60)
        assert starts(root) == ["a", "b"]
        assert root.told_status is ExecutionStatus.PAUSED
        root.send(Resume())


@in_virtual_time
async def test_a_step_waits_until_a_running_node_makes_room() -> None:
    document = flow(work("a", LONG, lasts=1000), work("b", LONG), work("c", LONG))
    async with running(document, options=everything(max_concurrency=1)) as root:
        await until(lambda: starts(root) == ["a"])
        root.send(Pause())
        root.send(Step())
        await asyncio.sleep(0.5)
        assert starts(root) == ["a"]
        await asyncio.sleep(60)
        assert starts(root) == ["a", "b"]
        root.send(Resume())


@in_virtual_time
async def test_the_start_of_a_group_takes_a_step_of_its_own() -> None:
    async with paused(flow(group("g"), work("m", parent="g"))) as root:
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["g"]
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["g", "m"]
        assert "NODE_COMPLETED g" in root.story, "a group that is over is recorded in the pause"


@in_virtual_time
async def test_a_retry_that_falls_due_in_a_pause_needs_a_step() -> None:
    document = flow(work("a", LONG, fails=1, retry=RETRY), work("b", LONG), edges=["a.x > b.a"])
    async with running(document) as root:
        await until(lambda: "NODE_RETRYING a" in root.story)
        root.send(Pause())
        await asyncio.sleep(60)
        assert starts(root) == ["a"]
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["a", "a"]
        root.send(Resume())
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_step_before_a_retry_is_due_is_kept_for_it() -> None:
    document = flow(work("a", LONG, fails=1, retry=RETRY | {"initialDelayMs": 30_000}))
    async with running(document) as root:
        await until(lambda: "NODE_RETRYING a" in root.story)
        root.send(Pause())
        root.send(Step())
        await asyncio.sleep(20)
        assert starts(root) == ["a"]
        await asyncio.sleep(20)
        assert starts(root) == ["a", "a"]
        assert root.at("NODE_STARTED") == [0, 30_000]
        root.send(Resume())


@in_virtual_time
async def test_a_step_that_starts_a_retry_is_used_up_as_by_any_other_start() -> None:
    async with paused(flow(work("a", LONG, fails=1, retry=RETRY), work("b", LONG))) as root:
        for expected in (["a"], ["a", "a"], ["a", "a", "b"]):
            root.send(Step())
            await asyncio.sleep(60)
            assert starts(root) == expected


@in_virtual_time
async def test_a_stepped_node_that_comes_to_wait_leaves_no_step_to_others() -> None:
    async with paused(flow(work("a", LONG, waits=1000, fails=1, retry=RETRY), work("b", LONG))) as root:
        root.send(Step())
        await asyncio.sleep(60)
        root.lose()
        await asyncio.sleep(60)
        assert starts(root) == ["a"]


@in_virtual_time
async def test_a_due_retry_and_a_ready_node_are_stepped_in_document_order() -> None:
    document = flow(
        work("first", LONG, lasts=1000),
        work("b"),
        work("c", LONG, fails=1, retry=RETRY),
        work("d"),
        edges=["first.x > b.a", "first.x > d.a"],
    )
    async with running(document) as root:
        await until(lambda: "NODE_RETRYING c" in root.story)
        root.send(Pause())
        await asyncio.sleep(60)
        for _ in range(3):
            root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["first", "c", "b", "c", "d"]
        root.send(Resume())


@in_virtual_time
async def test_a_resume_voids_the_steps_that_found_no_node() -> None:
    document = flow(work("a", LONG, lasts=1000), work("b", LONG), edges=["a.x > b.a"])
    async with running(document) as root:
        await until(lambda: starts(root) == ["a"])
        for command in (Pause(), Step(), Step(), Resume(), Pause()):
            root.send(command)
        await asyncio.sleep(60)
        assert starts(root) == ["a"]
        root.send(Resume())
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_step_that_meets_a_running_execution_is_acknowledged_and_does_nothing() -> None:
    document = flow(work("a", LONG, lasts=1000), work("b", LONG), edges=["a.x > b.a"])
    async with running(document) as root:
        root.send(Step())
        await until(lambda: "FLOW_STEPPED" in root.story)
        assert root.told_status is ExecutionStatus.RUNNING
        root.send(Pause())
        await asyncio.sleep(60)
        assert starts(root) == ["a"]
        root.send(Resume())


@in_virtual_time
async def test_the_time_of_stepped_nodes_is_no_time_of_the_flow() -> None:
    options = everything(flow_timeout_ms=1000, node_timeout_ms=MAX_DURATION_MS)
    async with paused(flow(work("a", LONG, lasts=60_000)), options=options) as root:
        root.send(Step())
        await asyncio.sleep(90)
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_stepped_node_keeps_to_its_own_time_limit() -> None:
    async with paused(flow(work("a", LONG, lasts=60_000, timeoutMs=500))) as root:
        root.send(Step())
    assert root.state.error is not None
    assert root.state.error.code is ErrorCode.TIMEOUT


# --- crashes ----------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_crash_gives_a_step_back_to_the_node_that_it_started_and_to_no_other() -> None:
    nodes = [work(name, LONG, lasts=5000) for name in ("a", "b", "c")]
    async with paused(flow(*nodes)) as root:
        root.send(Step())
        root.send(Step())
        await until(lambda: starts(root) == ["a", "b"])
        root.lose()
        await asyncio.sleep(60)
        assert starts(root) == ["a", "b", "a", "b"]
        assert root.told_status is ExecutionStatus.PAUSED
        assert {"NODE_COMPLETED a", "NODE_COMPLETED b"} <= set(root.story)
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_step_that_waits_for_a_node_survives_a_crash() -> None:
    document = flow(work("a", LONG, waits=9000), work("b", LONG), work("c", LONG), edges=["a.x > b.a", "b.x > c.a"])
    async with running(document) as root:
        await until(lambda: "NODE_WAITING a" in root.story)
        root.send(Pause())
        root.send(Step())
        await until(lambda: "FLOW_STEPPED" in root.story)
        root.lose()
        await asyncio.sleep(60)
        assert starts(root) == ["a", "b"]
        root.send(Resume())


@in_virtual_time
async def test_a_step_that_was_given_back_by_a_crash_is_void_after_a_resume() -> None:
    async with paused(flow(work("a", LONG, lasts=1000), work("b", LONG), edges=["a.x > b.a"])) as root:
        root.send(Step())
        await until(lambda: starts(root) == ["a"])
        root.lose()
        root.send(Resume())
        root.send(Pause())
        await until(lambda: root.story.count("FLOW_PAUSED") == 2)
        await asyncio.sleep(60)
        assert starts(root) == ["a"]
        assert after(root, "FLOW_PAUSED", 2)[:2] == ["FLOW_PAUSED", "FLOW_DRAINED"]


@pytest.mark.parametrize("policy", NodeFailurePolicy)
@in_virtual_time
async def test_a_node_that_may_fail_lets_the_paused_flow_go_on(policy: NodeFailurePolicy) -> None:
    document = flow(work("a", LONG, fails=-1), work("b"), edges=["a.__error > b.__execute"])
    async with paused(document, options=everything(on_node_failure=policy)) as root:
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["a"]
        assert not root.has_ended
    assert root.status is ExecutionStatus.COMPLETED
