"""Which nodes of a flow take part in a run of its own, and which in a run for an event."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.plan import compile_plan
from engine.spawns import FlowEvent
from engine.status import ExecutionStatus, NodeFailurePolicy, NodeStatus
from engine.validation import load_document
from engine.values import Value
from tests.engine.commanded import emit, listen
from tests.engine.event_graphs import EVENTS, listening_graphs
from tests.engine.log_rules import check_log
from tests.engine.running import Document, Run, flow, group, output, run, work
from tests.engine.scopes import Map
from tests.engine.scripted import SCRIPTED
from tests.engine.test_random_graphs import few, slots, unhurried
from tests.engine.virtual_clock import in_virtual_time, run_virtual


def scope(document: Document, event: str | None = None) -> set[str]:
    plan = compile_plan(load_document(document, SCRIPTED), SCRIPTED)
    return {plan.nodes[number].id for number in plan.scope(event).nodes}


def for_event(name: str, payload: Any = None) -> Mapping[str, Any]:
    """How a run for an event begins."""
    return {"event": FlowEvent(name, Value.of(payload)), "depth": 1, "parent_execution_id": "EX0"}


SIDES = flow(
    work("both"), work("plain"), work("only"), work("ancestor"), listen("l", "red"), work("tail"), work("end"),
    work("other"), listen("m", "blue"), work("blue"),
    edges=[
        "both.x > plain.a", "both.x > tail.b", "ancestor.x > only.a", "only.x > tail.__after", "l.payload > tail.a",
        "tail.x > end.a", "m.payload > blue.a",
    ],
)  # fmt: skip


def test_an_ordinary_run_leaves_out_what_hangs_on_listeners_and_what_feeds_only_that() -> None:
    assert scope(SIDES) == {"both", "plain", "other"}


def test_a_run_for_an_event_has_its_listeners_what_hangs_on_them_and_what_that_waits_for() -> None:
    assert scope(SIDES, "red") == {"l", "tail", "end", "both", "only", "ancestor"}
    assert scope(SIDES, "blue") == {"m", "blue"}


def test_a_flow_without_listeners_runs_as_a_whole() -> None:
    assert scope(flow(work("a"), work("b"))) == {"a", "b"}


def test_a_listener_in_a_group_brings_the_group_along_and_only_what_its_end_takes_from_the_others() -> None:
    document = flow(
        group("g"), listen("l", "red", parent="g"), work("m", parent="g"), work("b"), edges=["l.payload > b.a"]
    )
    assert scope(document, "red") == {"g", "l", "b"}
    assert scope(document) == {"g", "m"}


def test_what_follows_from_the_end_of_a_group_with_a_listener_takes_all_its_members_along() -> None:
    document = flow(
        group("g"),
        listen("l", "red", parent="g"),
        work("m", parent="g"),
        work("b"),
        edges=["g.__success > b.__execute"],
    )
    assert scope(document, "red") == {"g", "l", "m", "b"}
    assert scope(document) == {"g", "m"}


def test_the_members_of_a_group_that_hangs_on_a_listener_hang_on_it_too() -> None:
    document = flow(listen("l", "red"), group("g"), work("m", parent="g"), edges=["l.payload > g.__execute"])
    assert scope(document) == set()
    assert scope(document, "red") == {"l", "g", "m"}


@in_virtual_time
async def test_a_flow_all_of_whose_nodes_hang_on_listeners_completes_without_running_any() -> None:
    done = await run(flow(listen("l", "red"), output("o"), edges=["l.payload > o.value"]))
    assert done.story == ["FLOW_STARTED", "FLOW_COMPLETED"]
    assert done.outputs == {}
    assert set(done.statuses.values()) == {NodeStatus.IDLE}


@in_virtual_time
async def test_a_listener_gives_the_payload_of_the_event_and_all_listeners_of_it_run() -> None:
    document = flow(
        listen("l", "red"), listen("m", "red"), listen("n", "blue"), output("o"), work("b"),
        edges=["l.payload > o.value", "m.payload > b.a"],
    )  # fmt: skip
    done = await run(document, origin=for_event("red", {"k": [1]}))
    assert done.outputs == {"o": {"k": [1]}}
    assert done.statuses["m"] is NodeStatus.COMPLETED
    assert done.statuses["n"] is NodeStatus.IDLE


@in_virtual_time
async def test_a_listener_of_another_event_that_something_waits_for_is_skipped() -> None:
    document = flow(listen("l", "red"), listen("m", "blue"), work("tail"), work("late"), edges=[
        "l.payload > tail.a", "m.payload > tail.b", "l.payload > late.a", "m.payload > late.__after",
    ])  # fmt: skip
    done = await run(document, origin=for_event("red"))
    assert done.statuses == {
        "l": NodeStatus.COMPLETED,
        "m": NodeStatus.SKIPPED,
        "tail": NodeStatus.SKIPPED,
        "late": NodeStatus.COMPLETED,
    }


@in_virtual_time
async def test_a_group_completes_without_its_members_outside_of_the_run() -> None:
    document = flow(group("g"), listen("l", "red", parent="g"), work("m", parent="g"))
    done = await run(document, origin=for_event("red"))
    assert done.statuses == {"g": NodeStatus.COMPLETED, "l": NodeStatus.COMPLETED, "m": NodeStatus.IDLE}


@in_virtual_time
async def test_a_skipped_group_skips_only_its_members_in_the_run() -> None:
    document = flow(
        group("g", disabled=True), listen("l", "red", parent="g"), work("m", parent="g"), work("b"),
        edges=["l.payload > b.__after"],
    )  # fmt: skip
    done = await run(document, origin=for_event("red"))
    assert done.statuses["m"] is NodeStatus.IDLE
    assert (done.statuses["l"], done.statuses["b"]) == (NodeStatus.SKIPPED, NodeStatus.COMPLETED)


@in_virtual_time
async def test_an_event_with_only_a_disabled_listener_spawns_nothing() -> None:
    done = await run(flow(emit("e", "red"), listen("l", "red", disabled=True)))
    assert done.story == ["FLOW_STARTED", "NODE_STARTED e", "NODE_COMPLETED e", "FLOW_COMPLETED"]


# --- at random --------------------------------------------------------------------------------------------------------


@few
@given(listening_graphs())
def test_the_scopes_of_random_flows_are_those_of_the_reference(document: Document) -> None:
    known = Map(document)
    assert scope(document) == known.ordinary()
    for event in EVENTS:
        if known.listeners(event):
            assert scope(document, event) == known.of_event(event)


@few
@given(listening_graphs(), slots, st.sampled_from([None, *EVENTS]), st.sampled_from(NodeFailurePolicy))
def test_a_random_flow_runs_its_scope_by_the_rules_and_nothing_else(
    document: Document, slots: int, event: str | None, policy: NodeFailurePolicy
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=policy)
    origin = for_event(event, 7) if event else {}
    done = run_virtual(Run.of(document, options=options, origin=origin).live())
    part = Map(document).part(event)
    check_log(done, part)
    if done.status is ExecutionStatus.COMPLETED:
        inside = {node["id"] for node in part["nodes"]}
        assert {node for node, status in done.statuses.items() if status.ended} == inside
