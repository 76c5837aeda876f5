"""Failures: what handles them, what retries them, and that a node that misbehaves fails alone."""

import pytest

from engine.events import NodeCompleted, NodeDebugLogString, NodeFailed, NodeRetrying
from engine.status import ErrorCode, ExecutionStatus, NodeStatus
from engine.values import VALUE_LIMIT
from tests.engine.hostile import GIVEN, HOSTILE, RAISED, hostile
from tests.engine.log_rules import check_fold, check_log
from tests.engine.running import Document, Run, everything, flow, output, run, stored, work
from tests.engine.virtual_clock import in_virtual_time

CONTINUE = everything(on_node_failure="CONTINUE")


async def run_hostile(document: Document, **settings: object) -> Run:
    return await Run.of(document, HOSTILE, **settings).live()


# --- handled and unhandled --------------------------------------------------------------------------------------------


@in_virtual_time
async def test_an_unhandled_failure_cancels_what_runs_and_fails_the_flow_by_the_nodes_name() -> None:
    document = flow(
        work("bad", "test.safe", lasts=10, fails=-1, code="TIMEOUT"),
        work("slow", "test.effect", lasts=5000),
        work("sleeper", waits=60_000),
        work("next"),
        edges=["slow.x > next.a"],
    )
    done = await run(document)
    check_log(done, document)
    assert done.status is ExecutionStatus.FAILED
    assert done.state.error
    assert (done.state.error.code, done.state.error.node_id) == (ErrorCode.TIMEOUT, "bad")
    assert done.at("FLOW_FAILED") == [10]
    assert done.story[-3:] == ["NODE_FAILED slow", "NODE_FAILED sleeper", "FLOW_FAILED"]
    assert done.of_node("slow", NodeFailed)[0].error.code is ErrorCode.CANCELLED
    assert done.state.failed_node_count == 1


@in_virtual_time
async def test_of_failures_at_the_same_moment_the_first_one_told_fails_the_flow() -> None:
    nodes = [work(name, "test.safe", lasts=10, fails=-1) for name in ("zebra", "apple")]
    document = flow(*nodes)
    done = await run(document)
    check_log(done, document)
    assert done.story[-3:] == ["NODE_FAILED zebra", "NODE_FAILED apple", "FLOW_FAILED"]
    assert done.state.error
    assert done.state.error.node_id == "zebra"


@pytest.mark.parametrize("port", ["__error", "__errorMessage"])
@in_virtual_time
async def test_a_failure_is_handled_by_either_error_port(port: str) -> None:
    done = await run(flow(work("bad", fails=-1), work("saved"), edges=[f"bad.{port} > saved.a"]))
    assert done.inputs_of("saved") == {"a": True if port == "__error" else "Attempt 1."}
    assert done.status is ExecutionStatus.COMPLETED
    assert done.events[-1].failed_node_count == 1


@in_virtual_time
async def test_error_ports_of_a_node_that_completes_are_dead_and_success_of_one_that_fails() -> None:
    done = await run(
        flow(
            work("good"),
            work("bad", fails=-1),
            work("a"),
            work("b"),
            edges=["good.__error > a.a", "bad.__success > b.__execute", "bad.__error > a.b"],
        )
    )
    assert done.statuses["a"] is done.statuses["b"] is NodeStatus.SKIPPED


@in_virtual_time
async def test_under_continue_the_rest_goes_on_and_the_flow_completes() -> None:
    done = await run(
        flow(work("bad", fails=-1), work("other", "test.safe", lasts=10), work("next"), edges=["bad.x > next.a"]),
        options=CONTINUE,
    )
    assert done.statuses["next"] is NodeStatus.SKIPPED
    assert done.status is ExecutionStatus.COMPLETED
    assert done.events[-1].failed_node_count == 1


# --- retries ----------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_retries_back_off_up_to_the_longest_delay_and_then_succeed() -> None:
    policy = {"maxAttempts": 5, "initialDelayMs": 100, "factor": 3.0, "maxDelayMs": 500, "jitter": 0.0}
    done = await run(flow(work("a", "test.effect", fails=4, retry=policy)))
    assert [event.delay for event in done.of_node("a", NodeRetrying)] == [100, 300, 500, 500]
    assert done.at("NODE_STARTED", "a") == [0, 100, 400, 900, 1400]
    assert [event.attempt for event in done.of_node("a", NodeRetrying)] == [1, 2, 3, 4]
    assert done.of_node("a", NodeCompleted)[0].attempt == 5


@in_virtual_time
async def test_jitter_only_shortens_a_delay() -> None:
    policy = {"maxAttempts": 30, "initialDelayMs": 1000, "factor": 1.0, "jitter": 0.5}
    done = await run(flow(work("a", "test.effect", fails=29, retry=policy)))
    delays = {event.delay for event in done.of_node("a", NodeRetrying)}
    assert len(delays) > 5
    assert all(500 <= delay <= 1000 for delay in delays)


@in_virtual_time
async def test_the_last_attempt_fails_for_good_and_only_it() -> None:
    policy = {"maxAttempts": 3, "initialDelayMs": 10, "jitter": 0.0}
    done = await run(flow(work("a", "test.effect", fails=-1, retry=policy)))
    assert done.story[1:] == [
        *["NODE_STARTED a", "NODE_RETRYING a"] * 2,
        "NODE_STARTED a",
        "NODE_FAILED a",
        "FLOW_FAILED",
    ]
    assert done.of_node("a", NodeFailed)[0].attempt == 3


@pytest.mark.parametrize(
    ("retryable", "codes", "attempts"),
    [(True, None, 2), (False, None, 1), (False, ["NODE"], 2), (True, ["TIMEOUT"], 1), (True, [], 1)],
)
@in_virtual_time
async def test_only_retryable_failures_are_retried_unless_the_policy_names_codes(
    retryable: bool, codes: list[str] | None, attempts: int
) -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 1, **({"on": codes} if codes is not None else {})}
    done = await run(flow(work("a", fails=-1, retryable=retryable, retry=policy)))
    assert done.state.nodes[0].attempt == attempts


@in_virtual_time
async def test_a_node_that_waits_for_its_retry_holds_no_place() -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 1000, "jitter": 0.0}
    done = await run(
        flow(work("a", "test.effect", fails=1, retry=policy), work("b", "test.effect", lasts=10)),
        options=everything(max_concurrency=1),
    )
    assert done.at("NODE_STARTED", "b") == [0]


@in_virtual_time
async def test_retries_that_are_due_wait_for_a_place_in_document_order() -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 100, "jitter": 0.0}
    done = await run(
        flow(
            work("hog", "test.effect", lasts=5000),
            work("gate", "test.safe", lasts=0, waits=50),
            work("fresh", "test.effect"),
            work("again", "test.effect", fails=1, retry=policy),
            edges=["hog.x > fresh.__after", "gate.x > hog.__after"],
        ),
        options=everything(max_concurrency=1),
    )
    assert done.at("NODE_STARTED", "hog") == [50]
    assert done.at("NODE_STARTED", "again") == [0, 5050]
    assert done.story.index("NODE_STARTED fresh") < len(done.story) - 1 - done.story[::-1].index("NODE_STARTED again")


@in_virtual_time
async def test_a_retry_without_a_place_holds_up_no_wait_that_is_over() -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 100, "jitter": 0.0}
    done = await run(
        flow(
            work("again", "test.effect", fails=1, retry=policy),
            work("sleeper", waits=500),
            work("hog", "test.effect", lasts=5000),
        ),
        options=everything(max_concurrency=1),
    )
    assert done.at("NODE_COMPLETED", "sleeper") == [500]
    assert done.at("NODE_STARTED", "again") == [0, 5000]


@in_virtual_time
async def test_a_failed_flow_cancels_nodes_that_wait_for_a_retry() -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 100}
    document = flow(work("again", fails=1, retry=policy), work("bad", "test.safe", lasts=10, fails=-1))
    done = await run(document)
    check_log(done, document)
    assert done.story[-3:] == ["NODE_FAILED bad", "NODE_FAILED again", "FLOW_FAILED"]


# --- hostile nodes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["hostile_pure", "hostile_effect"])
@pytest.mark.parametrize("how", [*RAISED, *GIVEN, "too many levels", "a list in itself"])
@in_virtual_time
async def test_a_node_that_misbehaves_fails_alone(type_: str, how: str) -> None:
    document = flow(
        hostile("bad", type_, how),
        work("other", "test.effect", lasts=100),
        work("saved"),
        output("o"),
        edges=["bad.__errorMessage > saved.a", "other.x > o.value"],
    )
    done = await run_hostile(document)
    check_fold(done)
    assert done.status is ExecutionStatus.COMPLETED
    (failure,) = done.of_node("bad", NodeFailed)
    assert failure.error.message == done.inputs_of("saved")["a"]
    assert 0 < len(failure.error.message) < 5000
    assert list(done.outputs) == ["o"]


@pytest.mark.parametrize("how", [how for how, given in GIVEN.items() if getattr(given, "x", None) is not None])
@in_virtual_time
async def test_a_value_that_cannot_be_stored_is_refused_by_the_name_of_its_port(how: str) -> None:
    done = await run_hostile(flow(hostile("bad", "hostile_pure", how)))
    assert done.state.error
    assert done.state.error.code is ErrorCode.PAYLOAD
    assert done.state.error.message.startswith("Output 'x': ")


@in_virtual_time
async def test_a_node_cannot_pass_its_failure_off_as_a_cancellation() -> None:
    done = await run_hostile(flow(hostile("bad", "hostile_pure", "the code of a cancelled node")))
    assert done.status is ExecutionStatus.FAILED
    assert done.of_node("bad", NodeFailed)[0].error.code is ErrorCode.NODE


@in_virtual_time
async def test_an_ordinary_exception_may_be_retried_and_one_that_ends_processes_may_not() -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 1}
    for how, attempts in {"a value error": 2, "system exit": 1, "cancelled by nobody": 1}.items():
        done = await run_hostile(flow(hostile("bad", "hostile_effect", how, retry=policy)))
        assert done.state.nodes[0].attempt == attempts


@in_virtual_time
async def test_a_node_that_cancels_itself_fails() -> None:
    done = await run_hostile(flow(hostile("bad", "self_cancelling"), work("other")), options=CONTINUE)
    assert done.statuses == {"bad": NodeStatus.FAILED, "other": NodeStatus.COMPLETED}


@in_virtual_time
async def test_time_limits_inside_a_pure_node_end_nothing_but_its_own_work() -> None:
    done = await run_hostile(flow(hostile("pure", "pure_with_limit"), work("other", "test.safe", lasts=2000)))
    assert done.state.nodes[0].outputs["x"].data == "in time"
    assert done.at("NODE_COMPLETED", "pure") == [500]
    assert done.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_odd_log_lines_are_made_fit_and_late_ones_dropped() -> None:
    document = flow(hostile("chatty", "chatty"), work("slow", "test.safe", lasts=5000))
    done = await run_hostile(document)
    lines = [event.log for event in done.of_node("chatty", NodeDebugLogString)]
    assert [lines[0], lines[1], lines[2], lines[4]] == ["plain", "?", "a�b", "7"]
    assert len(lines[3]) < 20_000
    assert len(lines) == 5
    assert [stored(entry).event for entry in done.ledger.entries] == done.events


@in_virtual_time
async def test_values_that_are_too_large_together_fail_the_node_that_gathers_them() -> None:
    big = "x" * (VALUE_LIMIT // 3)
    sources = [{"id": f"t{number}", "type": "value.text", "inputs": {"value": ""}} for number in range(4)]
    given = {source["id"]: {"value": big} for source in sources}
    collect = {"id": "all", "type": "flow.collect"}
    saved = work("saved")
    edges = [*(f"t{number}.value > all.items" for number in range(4)), "all.__error > saved.__execute"]
    done = await run(flow(*sources, collect, saved, edges=edges), port_values=given)
    (failure,) = done.of_node("all")[-1:]
    assert (failure.error.code, failure.attempt) == (ErrorCode.PAYLOAD, 0)
    assert done.status is ExecutionStatus.COMPLETED
