"""Limits of time: of a node, of a flow, of the wait for a start."""

import asyncio

import pytest

from engine.commands import Start
from engine.events import NodeFailed, NodeRetrying
from engine.runner import Ending
from engine.status import ErrorCode, ExecutionStatus
from tests.engine.hostile import HOSTILE, hostile
from tests.engine.log_rules import check_log
from tests.engine.running import START, WORKER, Run, everything, flow, run, work
from tests.engine.virtual_clock import in_virtual_time


@in_virtual_time
async def test_a_node_that_takes_too_long_is_cancelled_and_fails() -> None:
    document = flow(work("a", "test.effect", lasts=5000, timeoutMs=100), work("b"), edges=["a.__errorMessage > b.a"])
    done = await run(document)
    check_log(done, document)
    (failure,) = done.of_node("a", NodeFailed)
    assert (failure.error.code, failure.error.retryable) == (ErrorCode.TIMEOUT, True)
    assert failure.execution_time == pytest.approx(100)
    assert done.recorder.ended == [("a", 1)]
    assert done.at("FLOW_COMPLETED") == [100]


@in_virtual_time
async def test_the_limit_of_the_options_holds_where_a_node_sets_none() -> None:
    nodes = [work("a", "test.effect", lasts=5000), work("b", "test.effect", lasts=500, timeoutMs=600)]
    done = await run(flow(*nodes), options=everything(node_timeout_ms=200, on_node_failure="CONTINUE"))
    assert done.at("NODE_FAILED", "a") == [200]
    assert done.at("NODE_COMPLETED", "b") == [500]


@in_virtual_time
async def test_each_attempt_has_the_whole_time() -> None:
    policy = {"maxAttempts": 3, "initialDelayMs": 1000, "factor": 1.0, "jitter": 0.0}
    done = await run(flow(work("a", "test.effect", lasts=5000, timeoutMs=100, retry=policy)))
    assert done.at("NODE_STARTED", "a") == [0, 1100, 2200]
    assert [event.error.code for event in done.of_node("a", NodeRetrying)] == [ErrorCode.TIMEOUT] * 2
    assert done.status is ExecutionStatus.FAILED


@in_virtual_time
async def test_a_wait_is_no_work_and_has_no_limit() -> None:
    document = flow(work("a", "test.effect", waits=10**8, timeoutMs=100))
    done = await run(document, options=everything(flow_timeout_ms=1000))
    assert done.status is ExecutionStatus.COMPLETED


@pytest.mark.parametrize("how", ["outputs", "a value error", "system exit", "a base exception"])
@in_virtual_time
async def test_whatever_a_node_answers_to_its_time_limit_it_has_failed_by_it(how: str) -> None:
    document = flow(hostile("a", "retorting", how, timeoutMs=100), work("b"), edges=["a.__error > b.__execute"])
    done = await Run.of(document, HOSTILE).live()
    check_log(done, document)
    assert done.of_node("a", NodeFailed)[0].error.code is ErrorCode.TIMEOUT


@in_virtual_time
async def test_a_node_that_ignores_its_time_limit_fails_all_the_same_and_its_result_is_dropped() -> None:
    document = flow(
        hostile("a", "stubborn", timeoutMs=100),
        work("b", "test.safe", lasts=40_000_000),
        edges=["a.__error > b.__execute"],
    )
    done = await Run.of(document, HOSTILE, options=everything(flow_timeout_ms=10**9, node_timeout_ms=10**9)).live()
    check_log(done, document)
    assert done.at("NODE_FAILED", "a") == [100]
    assert done.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_flow_that_works_too_long_fails_and_cancels_what_runs() -> None:
    document = flow(work("a", "test.effect", lasts=5000), work("b", "test.effect", lasts=700), work("c", waits=10_000))
    done = await run(document, options=everything(flow_timeout_ms=1000))
    check_log(done, document)
    assert done.state.error
    assert (done.state.error.code, done.state.error.node_id) == (ErrorCode.TIMEOUT, None)
    assert done.at("FLOW_FAILED") == [1000]
    assert done.story[-3:] == ["NODE_FAILED a", "NODE_FAILED c", "FLOW_FAILED"]


@in_virtual_time
async def test_only_time_in_which_nodes_run_counts_for_the_flow() -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 50_000, "jitter": 0.0}
    document = flow(
        work("a", "test.effect", lasts=400),
        work("b", waits=60_000),
        work("c", "test.effect", lasts=400, fails=1, retry=policy),
        edges=["a.x > b.a", "b.x > c.a"],
    )
    done = await run(document, options=everything(flow_timeout_ms=1300))
    assert done.at("FLOW_COMPLETED") == [400 + 60_000 + 400 + 50_000 + 400]
    assert done.state.active_ms(done.state.last_at) == 1200


@in_virtual_time
async def test_nodes_that_run_together_count_once() -> None:
    nodes = [work(f"n{number}", "test.effect", lasts=900) for number in range(5)]
    done = await run(flow(*nodes), options=everything(flow_timeout_ms=1000))
    assert done.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_time_spent_before_and_after_a_wait_adds_up() -> None:
    document = flow(
        work("a", "test.effect", lasts=600),
        work("b", waits=5000),
        work("c", "test.effect", lasts=600),
        edges=["a.x > b.a", "b.x > c.a"],
    )
    done = await run(document, options=everything(flow_timeout_ms=1000))
    assert done.at("FLOW_FAILED") == [600 + 5000 + 400]


@pytest.mark.parametrize("warm_seconds", [2.0, 10**6])
@in_virtual_time
async def test_an_execution_that_is_not_started_in_time_fails(warm_seconds: float) -> None:
    late = Run.of(flow(work("a")), options=everything(start_timeout_ms=60_000))
    late.ending = await late.runner(warm_seconds=warm_seconds).run()
    if late.ending is Ending.RELEASED:
        assert late.ledger.released
        assert late.ledger.released.wake_at == late.ledger.now() + 58_000
        await asyncio.sleep(58)
        late.state = late.replayed()
        late.ending = await late.runner().run()
    assert late.ending is Ending.ENDED
    assert late.story == ["FLOW_FAILED"]
    assert late.state.error
    assert late.state.error.code is ErrorCode.START_TIMEOUT
    assert late.at("FLOW_FAILED") == [60_000]
    assert late.events[-1].execution_time == 0


@in_virtual_time
async def test_a_start_that_came_in_time_counts_however_late_it_is_read() -> None:
    slow = Run.of(flow(work("a")), options=everything(start_timeout_ms=1000))
    slow.ledger.mailbox.clear()
    runner = slow.runner(warm_seconds=10**6)
    task = asyncio.create_task(runner.run())
    await asyncio.sleep(0.9)
    slow.send(Start(WORKER))
    assert await task is Ending.ENDED
    assert slow.status is ExecutionStatus.COMPLETED
    assert slow.at("FLOW_STARTED") == [1000]


@in_virtual_time
async def test_a_start_holds_no_place_while_it_is_awaited() -> None:
    idle = Run.of(flow(work("a")))
    task = asyncio.create_task(idle.runner(warm_seconds=100).run())
    await asyncio.sleep(1)
    assert not idle.slot.taken
    idle.send(START)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
