"""When a node runs, and when it never will."""

from typing import Any

import pytest

from engine.entry import Entry
from engine.event import Event
from engine.events import EdgeTransferFailed, FlowStarted, NodeCompleted, NodePortResolved, NodeSkipped, NodeStarted
from engine.node import Context, Node
from engine.registry import Registry
from engine.state import State
from engine.status import ErrorCode, ExecutionStatus, NodeStatus
from engine.values import Value
from tests.engine.running import EPOCH, WORKER, Run, everything, flow, output, run, work
from tests.engine.scripted import SCRIPTED, ScriptInput, ScriptOutput
from tests.engine.virtual_clock import in_virtual_time

COMPLETED, SKIPPED = NodeStatus.COMPLETED, NodeStatus.SKIPPED


def skipped_by(done: Run, node_id: str) -> list[str]:
    (event,) = done.of_node(node_id, NodeSkipped)
    caused_by: list[str] = event.caused_by
    return caused_by


def silent(node_id: str, **settings: Any) -> dict[str, Any]:
    """A node that gives no output."""
    return work(node_id, gives=[], **settings)


# --- all and any ------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_node_runs_when_all_its_connected_inputs_are_there() -> None:
    done = await run(
        flow(
            work("quick", "test.safe", lasts=1),
            work("slow", "test.safe", lasts=500),
            work("both"),
            edges=["quick.x > both.a", "slow.x > both.b"],
        )
    )
    assert done.at("NODE_STARTED", "both") == [500]
    assert set(done.inputs_of("both")) == {"a", "b"}


@in_virtual_time
async def test_one_dead_input_skips_a_node_and_what_hangs_on_it() -> None:
    done = await run(
        flow(
            silent("mute"),
            work("slow", "test.safe", lasts=500),
            work("both"),
            work("next"),
            edges=["mute.x > both.a", "slow.x > both.b", "both.x > next.a"],
        )
    )
    assert skipped_by(done, "both") == ["mute"]
    assert skipped_by(done, "next") == ["both"]
    assert done.at("NODE_SKIPPED", "both") == [0]
    assert done.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_node_that_is_content_with_any_input_takes_the_first_and_only_that() -> None:
    done = await run(
        flow(
            work("quick", "test.safe", lasts=1),
            work("slow", "test.safe", lasts=500),
            work("any", "test.any_pure"),
            edges=["slow.x > any.a", "quick.x > any.b"],
        )
    )
    assert done.at("NODE_STARTED", "any") == [1]
    assert set(done.inputs_of("any")) == {"b"}


@in_virtual_time
async def test_a_node_that_is_content_with_any_input_survives_dead_ones() -> None:
    done = await run(
        flow(
            silent("mute"),
            work("slow", "test.safe", lasts=500),
            work("any", "test.any_pure"),
            edges=["mute.x > any.a", "slow.x > any.b"],
        )
    )
    assert done.at("NODE_STARTED", "any") == [500]


@in_virtual_time
async def test_a_node_that_is_content_with_any_input_is_skipped_when_all_are_dead() -> None:
    done = await run(
        flow(silent("m1"), silent("m2"), work("any", "test.any_pure"), edges=["m1.x > any.a", "m2.x > any.b"])
    )
    assert skipped_by(done, "any") == ["m1", "m2"]


@in_virtual_time
async def test_what_shapes_a_node_is_no_input_that_it_could_be_content_with() -> None:
    done = await run(
        flow(
            work("slow", "test.safe", lasts=500),
            work("any", "test.any_pure", flag=False),
            edges=["slow.x > any.a"],
        )
    )
    assert done.at("NODE_STARTED", "any") == [500]


@pytest.mark.parametrize("where", ["document", "create call"])
@pytest.mark.parametrize("other", [work("other", "test.safe", lasts=500), silent("other")])
@in_virtual_time
async def test_a_constant_is_an_input_that_such_a_node_is_content_with(where: str, other: dict[str, Any]) -> None:
    merge = {"id": "merge", "type": "flow.merge", "inputs": {"a": 1} if where == "document" else {}}
    given = {} if where == "document" else {"merge": {"a": 1}}
    done = await run(flow(other, merge, edges=["other.x > merge.b"]), port_values=given)
    assert done.at("NODE_STARTED", "merge") == [0]
    assert done.state.nodes[1].outputs["value"].data == 1


@in_virtual_time
async def test_an_unfinished_many_port_does_not_count_as_the_first_input() -> None:
    done = await run(
        flow(
            work("first", "test.safe", lasts=1),
            work("second", "test.safe", lasts=10),
            work("third", "test.safe", lasts=100),
            work("any", "test.any_pure"),
            edges=["first.x > any.items", "third.x > any.items", "second.x > any.b"],
        )
    )
    assert done.at("NODE_STARTED", "any") == [10]
    assert set(done.inputs_of("any")) == {"b"}


# --- several edges into one port --------------------------------------------------------------------------------------


@in_virtual_time
async def test_of_several_edges_into_one_port_the_first_resolved_counts() -> None:
    done = await run(
        flow(
            work("slow", "test.safe", lasts=500),
            work("quick", "test.safe", lasts=1),
            output("o"),
            edges=["slow.x > o.value", "quick.x > o.value"],
        )
    )
    assert done.outputs["o"] == done.state.nodes[1].outputs["x"].data


@in_virtual_time
async def test_of_several_edges_into_one_port_dead_ones_are_passed_over() -> None:
    branch = {"id": "branch", "type": "flow.branch", "inputs": {"condition": False}}
    done = await run(
        flow(branch, work("yes"), work("no"), output("o"),
             edges=["branch.true > yes.a", "branch.false > no.a", "yes.x > o.value", "no.x > o.value"])
    )  # fmt: skip
    assert done.outputs["o"] == done.state.nodes[2].outputs["x"].data
    assert skipped_by(done, "yes") == ["branch"]


@in_virtual_time
async def test_of_two_ports_of_one_node_the_one_declared_first_counts() -> None:
    done = await run(flow(work("a"), output("o"), edges=["a.count > o.value", "a.x > o.value"]))
    assert list(done.of_node("a", NodeCompleted)[0].outputs) == ["x", "y", "count", "flag"]
    assert done.outputs["o"] == done.state.nodes[0].outputs["x"].data


@in_virtual_time
async def test_a_many_port_waits_for_every_source_and_keeps_the_order_of_the_edges() -> None:
    done = await run(
        flow(
            work("slow", "test.safe", lasts=500),
            silent("mute"),
            work("quick", "test.safe", lasts=1),
            {"id": "all", "type": "flow.collect"},
            edges=["slow.x > all.items", "mute.x > all.items", "quick.x > all.items"],
        )
    )
    expected = [done.state.nodes[number].outputs["x"].data for number in (0, 2)]
    assert done.state.nodes[3].outputs["items"].data == expected
    assert done.at("NODE_STARTED", "all") == [500]


@in_virtual_time
async def test_a_many_port_whose_sources_are_all_dead_is_dead() -> None:
    done = await run(flow(silent("m1"), silent("m2"), work("all"), edges=["m1.x > all.items", "m2.x > all.items"]))
    assert skipped_by(done, "all") == ["m1", "m2"]


# --- __execute and __after --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["flag", "__success"])
@in_virtual_time
async def test_a_true_boolean_lets_a_node_run(port: str) -> None:
    done = await run(flow(work("a", flag=True), work("b"), edges=[f"a.{port} > b.__execute"]))
    assert done.statuses["b"] is COMPLETED


@in_virtual_time
async def test_a_false_boolean_skips_a_node() -> None:
    done = await run(flow(work("a", flag=False), work("b"), edges=["a.flag > b.__execute"]))
    assert skipped_by(done, "b") == ["a"]


@in_virtual_time
async def test_a_port_that_is_no_boolean_one_lets_a_node_run_whatever_it_carries() -> None:
    gate = {"id": "gate", "type": "flow.gate", "inputs": {"open": True, "value": False}}
    done = await run(flow(gate, work("b"), edges=["gate.value > b.__execute"]))
    assert done.statuses["b"] is COMPLETED


@in_virtual_time
async def test_one_true_source_is_enough_and_need_not_wait_for_the_others() -> None:
    done = await run(
        flow(
            work("no", flag=False),
            work("yes", "test.safe", lasts=10, flag=True),
            work("late", "test.safe", lasts=500, flag=True),
            work("b"),
            edges=["no.flag > b.__execute", "yes.flag > b.__execute", "late.flag > b.__execute"],
        )
    )
    assert done.at("NODE_STARTED", "b") == [10]


@in_virtual_time
async def test_a_node_is_skipped_when_all_execute_sources_are_false_or_dead() -> None:
    done = await run(
        flow(
            work("no", flag=False),
            silent("mute"),
            work("b"),
            edges=["no.flag > b.__execute", "mute.flag > b.__execute"],
        )
    )
    assert skipped_by(done, "b") == ["no", "mute"]


@in_virtual_time
async def test_after_waits_for_the_end_of_a_node_whatever_came_of_it() -> None:
    done = await run(
        flow(
            work("failing", "test.safe", lasts=10, fails=-1),
            work("off", disabled=True),
            work("slow", "test.safe", lasts=500),
            work("b"),
            edges=["failing.x > b.__after", "off.x > b.__after", "slow.__error > b.__after"],
        ),
        options=everything(on_node_failure="CONTINUE"),
    )
    assert done.at("NODE_STARTED", "b") == [500]
    assert done.inputs_of("b") == {}


@in_virtual_time
async def test_after_does_not_bring_a_dead_node_to_life() -> None:
    done = await run(flow(silent("mute"), work("b"), edges=["mute.x > b.__after", "mute.x > b.a"]))
    assert done.statuses["b"] is SKIPPED


# --- order and limits -------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_ready_nodes_start_in_document_order() -> None:
    nodes = [work(name, "test.safe", lasts=1) for name in ("zebra", "apple", "mango")]
    done = await run(flow(*nodes))
    assert [line for line in done.story if "STARTED" in line][1:] == [
        "NODE_STARTED zebra",
        "NODE_STARTED apple",
        "NODE_STARTED mango",
    ]


@in_virtual_time
async def test_no_more_nodes_run_at_once_than_allowed() -> None:
    nodes = [work(f"n{number}", "test.effect", lasts=10 + number) for number in range(9)]
    done = await run(flow(*nodes), options=everything(max_concurrency=3))
    assert done.recorder.most_running == 3
    assert done.statuses == {f"n{number}": COMPLETED for number in range(9)}


@in_virtual_time
async def test_a_disabled_node_is_skipped_by_nobody_else() -> None:
    done = await run(flow(work("off", disabled=True), work("b"), edges=["off.x > b.a"]))
    assert skipped_by(done, "off") == []
    assert skipped_by(done, "b") == ["off"]


@in_virtual_time
async def test_every_node_of_a_completed_flow_has_said_how_it_ended() -> None:
    done = await run(flow(silent("a"), *(work(f"n{i}") for i in range(3)), edges=["a.x > n0.a", "n0.x > n1.a"]))
    assert all(status.ended for status in done.statuses.values())
    assert done.story[-1] == "FLOW_COMPLETED"


# --- values on their way ----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_an_edge_beats_a_constant_and_the_create_call_beats_a_constant() -> None:
    document = flow(work("a"), work("b", a="constant", n=1), edges=["a.x > b.a"])
    done = await run(document, port_values={"b": {"n": 7}})
    assert done.inputs_of("b") == {"a": done.state.nodes[0].outputs["x"].data, "n": 7}


@in_virtual_time
async def test_a_value_of_the_wrong_kind_fails_the_node_and_names_both_kinds() -> None:
    done = await run(flow(work("a"), work("b"), edges=["a.x > b.n"]))
    error = done.state.nodes[1].error
    assert error
    assert (error.code, error.node_id, error.retryable) == (ErrorCode.INPUT, "b", False)
    assert error.message == "Input 'n': expected number, got string."
    (transfer,) = [event for event in done.events if isinstance(event, EdgeTransferFailed)]
    assert transfer.error.code is ErrorCode.TRANSFER
    assert "number" in transfer.error.message
    assert "string" in transfer.error.message


class Vandal(Node[ScriptInput, ScriptOutput]):
    """Changes what it was given."""

    type = "test.vandal"

    async def run(self, inputs: ScriptInput, context: Context) -> ScriptOutput:
        inputs.a.append("mine")
        inputs.items[0].append("mine")
        return ScriptOutput(x=inputs.a)


@in_virtual_time
async def test_a_node_that_changes_its_inputs_changes_them_for_nobody_else() -> None:
    registry = Registry([*SCRIPTED.values(), Vandal])
    nodes = [work("a"), {"id": "vandal", "type": "test.vandal"}, work("after"), work("late")]
    edges = [
        "a.y > vandal.a",
        "a.y > vandal.items",
        "a.y > after.a",
        "vandal.x > after.b",
        "after.x > late.a",
        "a.y > late.b",
    ]
    done = await Run.of(flow(*nodes, edges=edges), registry).live()
    assert done.status is ExecutionStatus.COMPLETED
    assert "mine" in done.inputs_of("after")["b"]
    assert done.inputs_of("after")["a"] == done.inputs_of("late")["b"] == done.state.nodes[0].outputs["y"].data
    assert "mine" not in done.inputs_of("late")["b"]


# --- resolved early ---------------------------------------------------------------------------------------------------


def told(plan: Run, *events: Event) -> State:
    return plan.fresh_state().apply_all(Entry(index, EPOCH + index, event) for index, event in enumerate(events))


def test_a_port_that_resolves_early_is_there_before_its_node_has_ended() -> None:
    plan = Run.of(flow(work("a", "test.safe"), work("b"), work("c"), edges=["a.x > b.a", "a.y > c.a"]))
    who = {"node_id": "a", "node_type": "test.safe"}
    beginning = (
        FlowStarted(worker_id=WORKER),
        NodeStarted(**who, attempt=1, inputs={}, idempotency_key="k"),
        NodePortResolved(**who, attempt=1, port="x", value=Value.of("early")),
    )
    state = told(plan, *beginning)
    assert [record.status for record in state.nodes] == [NodeStatus.EXECUTING, NodeStatus.READY, NodeStatus.IDLE]
    end = NodeCompleted(**who, attempt=1, outputs={"x": Value.of("late")}, execution_time=1)
    state = told(plan, *beginning, end)
    assert state.nodes[0].outputs["x"] == Value.of("early")
    assert state.next_doomed() == 2
