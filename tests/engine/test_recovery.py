"""A run that loses its worker at any moment goes on from its log as if nothing had happened."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands import Recover, Stop
from engine.events import ExecutionRecovered, NodeCompleted, NodeFailed, NodeSkipped, NodeStarted
from engine.status import ErrorCode, ExecutionStatus, NodeFailurePolicy
from tests.engine.crashes import Mark, MarkedLedger, after_crash, recovered
from tests.engine.graphs import graphs
from tests.engine.log_rules import check_log, check_node
from tests.engine.running import Document, Run, flow, group, output, run, stored, under_way, until, work
from tests.engine.test_random_graphs import brief, slots, unhurried
from tests.engine.virtual_clock import in_virtual_time, run_virtual

ENDS = (NodeCompleted, NodeFailed, NodeSkipped)


def marks_of(done: Run) -> list[Mark]:
    assert isinstance(done.ledger, MarkedLedger)
    return done.ledger.marks[:-1]


def ended_by(mark: Mark) -> set[str]:
    return {entry.event.node_id for entry in mark.entries if isinstance(entry.event, ENDS)}


def check_recovery(after: Run, mark: Mark, document: Mapping[str, Any]) -> None:
    check_log(after, document)
    assert after.ledger.entries[: len(mark.entries)] == list(mark.entries)
    assert not {node for node, _ in after.recorder.began} & ended_by(mark), "something ran again that had ended"


DIAMOND = flow(
    work("start", "test.effect", lasts=100),
    work("left", "test.safe", lasts=200, waits=9000),
    work("right", "test.effect", lasts=70_000),
    work("instant"),
    work("end", "test.effect", lasts=5),
    work("failing", "test.effect", lasts=30, fails=-1, retry={"maxAttempts": 3, "jitter": 0.0}),
    work("saved"),
    output("o"),
    edges=[
        "start.x > left.a",
        "start.x > right.a",
        "start.y > instant.a",
        "left.x > end.a",
        "right.x > end.b",
        "instant.x > end.items",
        "start.x > failing.a",
        "failing.__errorMessage > saved.a",
        "end.x > o.value",
    ],
)

GROUPED = flow(
    group("g"),
    group("inner", parent="g"),
    work("a", "test.effect", parent="inner", lasts=50),
    work("b", "test.pure", parent="inner", lasts=20),
    work("c", "test.effect", parent="g", lasts=10),
    work("after", "test.effect", lasts=10),
    output("o"),
    edges=["inner.__success > c.__execute", "g.__success > after.__execute", "after.x > o.value", "a.x > after.a"],
)


@pytest.mark.parametrize("document", [DIAMOND, GROUPED])
@pytest.mark.parametrize("seconds", [0, 0.03])
def test_a_crash_after_any_append_changes_nothing_of_the_outcome(document: Document, seconds: float) -> None:
    whole = run_virtual(run(document, ledger=MarkedLedger(seconds=seconds)))
    assert whole.status is ExecutionStatus.COMPLETED
    assert len(marks_of(whole)) > 3
    for mark in marks_of(whole):
        after = run_virtual(recovered(whole, mark, seconds=seconds))
        check_recovery(after, mark, document)
        assert (after.status, after.outputs) == (whole.status, whole.outputs)
        assert after.statuses == whole.statuses


@brief
@given(graphs(has_races=False), slots, st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0, 7, 10**7]))), st.data())
def test_random_flows_without_races_end_the_same_however_often_their_worker_is_lost(
    document: Document, slots: int, crashes: list[tuple[float, int]], data: st.DataObject
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=NodeFailurePolicy.CONTINUE)
    seconds = data.draw(st.sampled_from([0, 0.5, 60]))
    whole = before = run_virtual(Run.of(document, options=options, ledger=MarkedLedger(seconds=seconds)).live())
    for place, pause_ms in crashes[:3]:
        marks = marks_of(before)
        mark = marks[round(place * (len(marks) - 1))]
        before = run_virtual(recovered(before, mark, pause_ms=pause_ms, seconds=seconds))
        check_recovery(before, mark, document)
    assert (before.status, before.outputs, before.statuses) == (whole.status, whole.outputs, whole.statuses)


@brief
@given(graphs(), slots, st.sampled_from(NodeFailurePolicy), st.floats(0, 1), st.sampled_from([0, 0.5, 60]))
def test_random_flows_obey_the_rules_after_a_crash(
    document: Document, slots: int, policy: NodeFailurePolicy, place: float, seconds: float
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=policy)
    whole = run_virtual(Run.of(document, options=options, ledger=MarkedLedger(seconds=seconds)).live())
    marks = marks_of(whole)
    mark = marks[round(place * (len(marks) - 1))]
    after = run_virtual(recovered(whole, mark, seconds=seconds))
    check_recovery(after, mark, document)
    assert after.recorder.most_running <= slots


# --- one by one -------------------------------------------------------------------------------------------------------


def prefix(done: Run, kind: type, node_id: str | None = None) -> Mark:
    """What the log has up to an event, which is its last."""
    for count, entry in enumerate(done.ledger.entries, 1):
        if isinstance(entry.event, kind) and node_id in (None, getattr(entry.event, "node_id", None)):
            return Mark(tuple(done.ledger.entries[:count]), applied=1)
    raise AssertionError(f"no {kind.__name__} of {node_id}")


@in_virtual_time
async def test_a_node_that_was_running_is_attempted_again_with_the_same_inputs_and_key() -> None:
    whole = await run(flow(work("a"), work("b", "test.effect", lasts=10), edges=["a.x > b.a"]))
    after = await recovered(whole, prefix(whole, NodeStarted, "b"))
    first, second = after.of_node("b", NodeStarted)
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.inputs == second.inputs
    assert first.idempotency_key == second.idempotency_key == "EX1:b"
    assert after.recorder.began == [("b", 2)]


@in_virtual_time
async def test_the_edges_of_a_repeated_attempt_are_not_told_again() -> None:
    whole = await run(flow(work("a"), work("b", "test.effect", lasts=10), edges=["a.x > b.a"]))
    after = await recovered(whole, prefix(whole, NodeStarted, "b"))
    assert [event.kind for event in after.events].count("EDGE_TRANSFER_STARTED") == 1


@in_virtual_time
async def test_a_recovery_says_who_goes_on_and_how_often_a_worker_was_lost() -> None:
    whole = await run(flow(work("a", "test.effect", lasts=10)))
    after = await recovered(whole, prefix(whole, NodeStarted, "a"))
    (told,) = [event for event in after.events if isinstance(event, ExecutionRecovered)]
    assert (told.worker_id, told.previous_worker_id, told.failure_count) == ("worker-2", "worker-1", 1)
    assert after.state.failure_count == 1


@in_virtual_time
async def test_an_attempt_repeated_after_a_crash_uses_up_no_retry() -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 10, "jitter": 0.0}
    whole = await run(flow(work("a", "test.effect", lasts=10, fails=2, retry=policy)))
    assert whole.status is ExecutionStatus.FAILED
    after = await recovered(whole, prefix(whole, NodeStarted, "a"))
    assert [event.attempt for event in after.of_node("a", NodeStarted)] == [1, 2, 3]
    assert after.status is ExecutionStatus.COMPLETED


def test_a_retry_that_fell_due_while_nobody_was_there_begins_at_once() -> None:
    policy = {"maxAttempts": 2, "initialDelayMs": 5000, "jitter": 0.0}
    whole = Run.of(flow(work("a", "test.effect", lasts=10, fails=1, retry=policy)))
    run_virtual(whole.go(warm_seconds=0.5))
    after = after_crash(whole, Mark(tuple(whole.ledger.entries), 1), pause_ms=60_000)
    run_virtual(after.live())
    assert after.at("NODE_STARTED", "a") == [0, 60_010]


def test_a_wait_that_ended_while_nobody_was_there_completes_with_what_was_promised() -> None:
    whole = Run.of(flow(work("a", "test.effect", waits=5000), output("o"), edges=["a.x > o.value"]))
    run_virtual(whole.go(warm_seconds=0.5))
    after = after_crash(whole, Mark(tuple(whole.ledger.entries), 1), pause_ms=60_000)
    run_virtual(after.live())
    assert after.recorder.began == []
    assert after.outputs["o"] == after.state.nodes[0].outputs["x"].data
    assert after.at("NODE_COMPLETED", "a") == [60_000]


@in_virtual_time
async def test_what_was_running_at_a_crash_is_cancelled_by_name_when_a_stop_waits_already() -> None:
    whole = await run(flow(work("a", "test.effect", lasts=10), work("b", "test.effect", lasts=10)))
    after = after_crash(whole, prefix(whole, NodeStarted, "b"))
    after.send(Stop("enough"))
    await after.live(Recover("worker-2", "worker-1", 1))
    assert after.story[-3:] == ["NODE_FAILED a", "NODE_FAILED b", "FLOW_CANCELLED"]
    assert after.recorder.began == []
    for node in ("a", "b"):
        check_node(after.of_node(node))
        assert after.of_node(node, NodeFailed)[0].error.code is ErrorCode.CANCELLED


@in_virtual_time
async def test_nodes_repeated_after_a_crash_keep_to_the_concurrency_limit() -> None:
    nodes = [work(f"n{number}", "test.effect", lasts=10) for number in range(6)]
    options = unhurried(max_concurrency=2)
    whole = await run(flow(*nodes), options=options)
    after = await recovered(whole, prefix(whole, NodeStarted, "n1"))
    assert after.recorder.most_running == 2
    assert after.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_the_time_between_a_crash_and_the_recovery_is_no_time_of_the_flow() -> None:
    options = unhurried().model_copy(update={"flow_timeout_ms": 1000})
    whole = await run(flow(work("a", "test.effect", lasts=500), work("b", lasts=0)), options=options)
    after = await recovered(whole, prefix(whole, NodeStarted, "a"), pause_ms=10**7)
    assert after.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_an_effect_does_not_begin_while_its_start_is_not_in_the_log_but_a_pure_node_may() -> None:
    class HeldLedger(MarkedLedger):
        def __init__(self) -> None:
            super().__init__()
            self.gate = asyncio.Event()

        async def append(self, append: Any) -> Any:
            await self.gate.wait()
            return await super().append(append)

    ledger = HeldLedger()
    nodes = [work("effect", "test.effect", lasts=1), work("safe", "test.safe", lasts=1), work("pure", "test.pure")]
    held = Run.of(flow(*nodes), ledger=ledger)
    async with under_way(held):
        await asyncio.sleep(3600)
        assert {node for node, _ in held.recorder.began} == {"safe", "pure"}
        assert ledger.entries == []
        ledger.gate.set()
        await until(lambda: ("effect", 1) in held.recorder.began)
    assert held.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_an_effect_does_not_begin_while_the_lease_is_uncertain() -> None:
    class DoubtfulLedger(MarkedLedger):
        is_certain = False

        def may_start_effects(self) -> bool:
            return self.is_certain

    ledger = DoubtfulLedger()
    doubtful = Run.of(flow(work("effect", "test.effect", lasts=1), work("pure", "test.pure")), ledger=ledger)
    async with under_way(doubtful):
        await asyncio.sleep(60)
        assert doubtful.recorder.began == [("pure", 1)]
        ledger.is_certain = True
    assert doubtful.recorder.began == [("pure", 1), ("effect", 1)]


@in_virtual_time
async def test_a_state_refuses_entries_out_of_order() -> None:
    whole = await run(flow(work("a")))
    with pytest.raises(ValueError, match="does not follow"):
        whole.fresh_state().apply(stored(whole.ledger.entries[1]))
