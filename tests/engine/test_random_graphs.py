"""Random flows run as the rules of the reference say, however they are interleaved, recorded and interrupted."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.options import MAX_DURATION_MS
from engine.runner import Ending
from engine.status import NodeFailurePolicy, NodeStatus, RecordEvents
from tests.engine.graphs import graphs
from tests.engine.log_rules import LEFT_OUT_OF_NODES, check_log, check_transfers
from tests.engine.running import Run, everything, run, told
from tests.engine.scripted import Recorder
from tests.engine.simulation import Prediction, Simulation, Tie
from tests.engine.virtual_clock import run_virtual
from tidegate.testing.memory import MemoryLedger

EXAMPLES = int(os.environ.get("TIDEGATE_RANDOM_GRAPHS", "240"))

thorough = settings(
    max_examples=EXAMPLES,
    derandomize="TIDEGATE_RANDOM_GRAPHS" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
brief = settings(thorough, max_examples=EXAMPLES // 2)
few = settings(thorough, max_examples=EXAMPLES // 4)

slots = st.sampled_from([1, 2, 3, 4, 50])
policies = st.sampled_from(NodeFailurePolicy)
Document = Mapping[str, Any]


def unhurried(**options: Any) -> Any:
    return everything(flow_timeout_ms=MAX_DURATION_MS, node_timeout_ms=MAX_DURATION_MS, **options)


def predict(document: Document, **rules: Any) -> Prediction:
    try:
        return Simulation(document, **rules).run()
    except Tie:
        assume(False)
        raise


def shown(status: NodeStatus) -> str:
    """A node that got ready but never began is as good as idle."""
    return "IDLE" if status is NodeStatus.READY else status.value


@thorough
@given(graphs(), slots, policies, st.sampled_from([2.0, 10.0**9]))
def test_a_random_flow_runs_as_predicted(
    document: Document, slots: int, policy: NodeFailurePolicy, warm_seconds: float
) -> None:
    predicted = predict(document, is_strict=policy is NodeFailurePolicy.FAIL, slots=slots)
    options = unhurried(max_concurrency=slots, on_node_failure=policy)
    done = run_virtual(Run.of(document, options=options).live(warm_seconds=warm_seconds))
    starts = [(event.node_id, event.attempt) for event in done.events if event.kind == "NODE_STARTED"]
    assert done.ending is Ending.ENDED
    assert {node: shown(status) for node, status in done.statuses.items()} == predicted.statuses
    assert starts == predicted.starts
    assert done.status.value == predicted.flow
    assert done.recorder.most_running <= slots
    for node, outputs in predicted.outputs.items():
        assert {port: v.data for port, v in done.state.nodes[done.plan.numbers[node]].outputs.items()} == {
            **outputs,
            "__success": True,
        }
    if predicted.flow == "COMPLETED":
        assert done.events[-1].failed_node_count == len(predicted.failed)
    check_log(done, document)
    check_transfers(done.events)


class SlowLedger(MemoryLedger):
    """Takes a while to commit."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def append(self, append: Any) -> Any:
        await asyncio.sleep(self._seconds)
        return await super().append(append)


@brief
@given(graphs(), slots, policies, st.sampled_from([0.001, 1, 100]))
def test_effects_wait_for_their_commit_and_the_rules_hold_while_commits_are_slow(
    document: Document, slots: int, policy: NodeFailurePolicy, seconds: float
) -> None:
    ledger, recorder = SlowLedger(seconds), Recorder()

    def is_in_log(node: str, attempt: int) -> bool:
        said = f"NODE_STARTED {node}"
        return told(entry.event for entry in ledger.entries).count(said) >= attempt

    def on_begin(context: Any, is_effect: bool) -> None:
        assert not is_effect or is_in_log(context.node_id, context.attempt), "an effect before its commit"

    recorder.on_begin = on_begin
    options = unhurried(max_concurrency=slots, on_node_failure=policy)
    done = run_virtual(Run.of(document, options=options, recorder=recorder, ledger=ledger).live())
    assert not any("AssertionError" in str(event) for event in done.events if event.kind == "NODE_FAILED")
    assert recorder.most_running <= slots
    check_log(done, document)


@brief
@given(graphs(), slots, policies, st.sampled_from([RecordEvents.NODES, RecordEvents.FLOW]))
def test_recording_less_leaves_out_kinds_and_changes_nothing_else(
    document: Document, slots: int, policy: NodeFailurePolicy, record: RecordEvents
) -> None:
    rules = {"max_concurrency": slots, "on_node_failure": policy}
    full = run_virtual(run(document, options=unhurried(**rules)))
    less = run_virtual(run(document, options=unhurried(**rules, record_events=record)))
    kept = [entry for entry in full.ledger.entries if entry.event.kind not in LEFT_OUT_OF_NODES]
    assert [(entry.at, entry.event) for entry in kept] == [(entry.at, entry.event) for entry in less.ledger.entries]
    check_log(less, document)
