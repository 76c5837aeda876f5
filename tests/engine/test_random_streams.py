"""Random flows whose nodes write and read streams and resolve outputs early run as the rules of the reference say."""

from collections.abc import Mapping
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.runner import Ending
from engine.status import ErrorCode, NodeFailurePolicy, RecordEvents
from tests.engine.crashes import MarkedLedger, recovered
from tests.engine.forked import forked, surely_kept, taken_over
from tests.engine.graphs import graphs
from tests.engine.log_rules import LEFT_OUT_OF_NODES, check_log, check_transfers
from tests.engine.running import Run
from tests.engine.streaming import STREAMING
from tests.engine.test_random_forks import check_fork, stopped
from tests.engine.test_random_graphs import SlowLedger, few, predict, shown, slots, thorough, unhurried
from tests.engine.test_random_pauses import check_pauses, moments, with_pauses
from tests.engine.virtual_clock import run_virtual

CONTINUE = NodeFailurePolicy.CONTINUE
policies = st.sampled_from([CONTINUE, CONTINUE, NodeFailurePolicy.FAIL])
Document = Mapping[str, Any]

streaming = graphs(has_streams=True)
calm = graphs(has_races=False, has_streams=True, most=9)
"""Flows of which neither timing nor crashes say what comes of them, unless somebody has used what is taken back."""


unshrunk = settings(few, phases=[Phase.explicit, Phase.generate])


def run(document: Document, **settings: Any) -> Run:
    return run_virtual(Run.of(document, STREAMING, **settings).live())


def is_past_repeating(done: Run) -> bool:
    """Whether a node could not be attempted again, because others had ended with what it gave."""
    failures = [event for event in done.events if event.kind == "NODE_FAILED"]
    return any(event.error.code is ErrorCode.CRASH for event in failures)


@settings(unshrunk, max_examples=thorough.max_examples // 2)
@given(streaming, slots, policies, st.sampled_from([2.0, 10.0**9]))
def test_a_random_flow_with_streams_runs_as_predicted(
    document: Document, slots: int, policy: NodeFailurePolicy, warm_seconds: float
) -> None:
    predicted = predict(document, is_strict=policy is NodeFailurePolicy.FAIL, slots=slots)
    options = unhurried(max_concurrency=slots, on_node_failure=policy)
    done = run_virtual(Run.of(document, STREAMING, options=options).live(warm_seconds=warm_seconds))
    starts = [(event.node_id, event.attempt) for event in done.events if event.kind == "NODE_STARTED"]
    assert done.ending is Ending.ENDED
    assert {node: shown(status) for node, status in done.statuses.items()} == predicted.statuses
    assert starts == predicted.starts
    assert done.status.value == predicted.flow
    for node, outputs in predicted.outputs.items():
        assert {port: v.data for port, v in done.state.nodes[done.plan.numbers[node]].outputs.items()} == {
            **outputs,
            "__success": True,
        }
    check_log(done, document)
    check_transfers(done.events)


@unshrunk
@given(streaming, slots, policies, st.sampled_from([0.001, 1, 100]))
def test_the_rules_hold_for_streams_while_commits_are_slow(
    document: Document, slots: int, policy: NodeFailurePolicy, seconds: float
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=policy)
    done = run(document, options=options, ledger=SlowLedger(seconds))
    assert done.recorder.most_running <= slots
    check_log(done, document)


@unshrunk
@given(streaming, slots, policies, st.lists(st.floats(0, 1), min_size=1, max_size=3), st.sampled_from([0, 0.5, 60]))
def test_flows_with_streams_obey_the_rules_after_crashes(
    document: Document, slots: int, policy: NodeFailurePolicy, places: list[float], seconds: float
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=policy)
    done = run(document, options=options, ledger=MarkedLedger(seconds=seconds))
    for place in places:
        marks = done.ledger.marks[:-1]  # type: ignore[attr-defined]
        mark = marks[round(place * (len(marks) - 1))]
        done = run_virtual(recovered(done, mark, seconds=seconds))
        check_log(done, document)
        assert done.ledger.entries[: len(mark.entries)] == list(mark.entries)


@unshrunk
@given(calm, slots, st.floats(0, 1), st.sampled_from([0, 0.5, 60]))
def test_a_crash_changes_nothing_of_what_comes_of_streams(
    document: Document, slots: int, place: float, seconds: float
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=CONTINUE)
    whole = run(document, options=options, ledger=MarkedLedger(seconds=seconds))
    marks = whole.ledger.marks[:-1]  # type: ignore[attr-defined]
    after = run_virtual(recovered(whole, marks[round(place * (len(marks) - 1))], seconds=seconds))
    check_log(after, document)
    if not is_past_repeating(after):
        assert (after.status, after.statuses) == (whole.status, whole.statuses)


@settings(unshrunk, max_examples=unshrunk.max_examples // 3)
@given(calm, slots, moments, st.sampled_from([2.0, 10.0**9]))
def test_a_flow_with_streams_that_is_paused_comes_to_the_same_end(
    document: Document, slots: int, pauses: list[tuple[int, int]], warm_seconds: float
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=CONTINUE)
    whole = run(document, options=options)
    paused = run_virtual(with_pauses(Run.of(document, STREAMING, options=options), pauses, warm_seconds))
    check_log(paused, document)
    check_pauses(paused)
    assert (paused.status, paused.statuses) == (whole.status, whole.statuses)


@unshrunk
@given(calm, slots, st.integers(0, 4_000_000))
def test_a_retry_of_a_stopped_flow_with_streams_ends_as_if_it_had_never_been_stopped(
    document: Document, slots: int, after_ms: int
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=CONTINUE)
    plain = run(document, options=options)
    cut = run_virtual(stopped(Run.of(document, STREAMING, options=options), after_ms))
    retry = forked(cut, document, options=options, registry=STREAMING)
    assert surely_kept(cut, document) <= set(taken_over(retry))
    check_fork(run_virtual(retry.live()), document, plain)


@unshrunk
@given(streaming, slots, policies)
def test_recording_less_leaves_out_pieces_that_nothing_reads_and_changes_nothing_else(
    document: Document, slots: int, policy: NodeFailurePolicy
) -> None:
    rules = {"max_concurrency": slots, "on_node_failure": policy}
    full = run(document, options=unhurried(**rules))
    less = run(document, options=unhurried(**rules, record_events=RecordEvents.FLOW))
    read = {edge["from"].partition(".")[0] for edge in document["edges"] if edge["to"].endswith(".s")}
    kept = [
        entry
        for entry in full.ledger.entries
        if entry.event.kind not in LEFT_OUT_OF_NODES
        and (entry.event.kind != "NODE_OUTPUT_CHUNK" or entry.event.node_id in read)
    ]
    told = [(entry.at, entry.event.kind, getattr(entry.event, "node_id", None)) for entry in kept]
    assert told == [(e.at, e.event.kind, getattr(e.event, "node_id", None)) for e in less.ledger.entries]
    assert (less.outputs, less.statuses) == (full.outputs, full.statuses)
    check_log(less, document)
