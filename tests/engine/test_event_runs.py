"""Events spawn children: emitted by nodes whose attempt completes, or given to the root."""

import asyncio
from typing import Any

import pytest
from pydantic import Field

from engine.errors import NodeError
from engine.events import ChildExecutionFailed, ChildExecutionSpawned, NodeCompleted, NodeFailed, NodeStarted
from engine.node import Context, Input, Node, Output, WaitUntil
from engine.nodes import BUILT_IN
from engine.registry import Registry
from engine.runner import Ending
from engine.spawns import MAX_DEPTH
from engine.status import ErrorCode, ExecutionStatus, NodeFailurePolicy, NodeStatus
from tests.engine.commanded import emit, listen, node, running, starts, wait_for
from tests.engine.family import Family, Fault, Member
from tests.engine.running import Document, everything, flow, output, until, work
from tests.engine.scripted import WORK
from tests.engine.virtual_clock import in_virtual_time, run_virtual

LONG = "test.effect"
EMITTING = flow(
    emit("e", "go", 7),
    work("after"),
    listen("l", "go"),
    work("tail", LONG, lasts=60_000),
    output("o"),
    edges=["e.__success > after.__execute", "l.payload > tail.a", "l.payload > o.value"],
)


class EmitterInput(Input):
    names: list[str] = Field(default_factory=list)
    fails: int = 0
    waits: bool = False


class EmitterOutput(Output):
    ids: list[str] = Field(default_factory=list)


class Emitter(Node[EmitterInput, EmitterOutput]):
    """Emits events, and then fails so often."""

    type = "test.emitter"

    async def run(self, inputs: EmitterInput, context: Context) -> EmitterOutput | WaitUntil:
        ids = [context.emit(name, [name, context.attempt]) for name in inputs.names]
        await asyncio.sleep(1)
        if context.attempt <= inputs.fails:
            raise NodeError("Not yet.", retryable=True)
        outputs = EmitterOutput(ids=[each for each in ids if each])
        return WaitUntil(context.now(), outputs) if inputs.waits else outputs


EMITTERS = Registry([*WORK, *BUILT_IN.values(), Emitter])


def emitter(*names: str, **inputs: Any) -> dict[str, Any]:
    retry = {"maxAttempts": 5, "initialDelayMs": 1000, "jitter": 0.0}
    return {**node("e", "test.emitter", names=list(names), **inputs), "retry": retry}


def spawned(member: Member) -> list[ChildExecutionSpawned]:
    return [event for event in member.events if isinstance(event, ChildExecutionSpawned)]


def payload(member: Member) -> Any:
    event = member.state.setup.event
    return event and event.payload.data


def family_of(document: Document, **settings: Any) -> Family:
    return run_virtual(Family(document, **settings).live())


# --- emitting ---------------------------------------------------------------------------------------------------------


def test_an_emitted_event_spawns_a_child_that_runs_its_listeners() -> None:
    family = family_of(EMITTING)
    (child,) = family.root.children
    assert child.outputs == {"o": 7}
    assert starts(child) == ["l", "tail", "o"]
    assert (child.state.setup.depth, child.state.setup.parent_execution_id) == (1, family.root.id)


def test_the_child_is_spawned_in_the_append_that_completes_its_node_and_has_the_id_that_the_node_gives() -> None:
    root = family_of(EMITTING).root
    (append,) = [append for append in root.log.committed if append.spawns]
    completed, told = [entry.event for entry in append.entries if entry.event.kind[:4] in ("CHIL", "NODE")][-2:]
    assert isinstance(completed, NodeCompleted)
    assert isinstance(told, ChildExecutionSpawned)
    assert completed.outputs["childExecutionId"].data == told.child_execution_id == root.children[0].id
    assert (told.spawned_by_node_id, told.event_name) == ("e", "go")
    assert told.event_data is not None
    assert told.event_data.data == 7


def test_the_rest_of_the_flow_does_not_wait_for_the_child_but_its_end_does() -> None:
    root = family_of(EMITTING).root
    assert root.at("NODE_STARTED", "after") == [0]
    assert root.at("FLOW_COMPLETED") == [60_000]
    assert root.story[-2:] == ["CHILD_EXECUTION_COMPLETED", "FLOW_COMPLETED"]


@in_virtual_time
async def test_a_parent_that_only_waits_for_its_children_holds_no_worker() -> None:
    async with running(EMITTING) as root:
        await asyncio.sleep(30)
        assert root.ending is Ending.RELEASED
        assert not root.slot.taken


def test_an_event_that_nothing_listens_to_spawns_nothing() -> None:
    family = family_of(flow(emit("e", "nobody"), listen("l", "go")))
    assert family.root.children == []
    assert family.root.statuses["e"] is NodeStatus.COMPLETED
    assert "childExecutionId" not in family.root.state.nodes[0].outputs


def test_the_events_of_one_attempt_spawn_children_in_their_order() -> None:
    family = family_of(
        flow(emitter("go", "none", "go", "stop"), listen("l", "go"), listen("m", "stop")), registry=EMITTERS
    )
    assert [payload(child) for child in family.root.children] == [["go", 1], ["go", 1], ["stop", 1]]
    assert [event.child_execution_id for event in spawned(family.root)] == [child.id for child in family.root.children]


def test_what_a_failed_attempt_emitted_counts_for_nothing() -> None:
    family = family_of(flow(emitter("go", fails=2), listen("l", "go")), registry=EMITTERS)
    assert [payload(child) for child in family.root.children] == [["go", 3]]


def test_what_a_node_emitted_that_fails_for_good_counts_for_nothing() -> None:
    document = flow(emitter("go", fails=9), listen("l", "go"))
    family = family_of(document, registry=EMITTERS, options=everything(on_node_failure=NodeFailurePolicy.CONTINUE))
    assert family.root.children == []


def test_a_node_that_emits_and_then_waits_fails_instead_of_losing_its_events() -> None:
    family = family_of(flow(emitter("go", waits=True), listen("l", "go")), registry=EMITTERS)
    (failed,) = family.root.of_node("e", NodeFailed)
    assert "emit" in failed.error.message
    assert family.root.children == []


@in_virtual_time
async def test_what_an_attempt_emitted_before_its_worker_was_lost_counts_for_nothing() -> None:
    async with running(flow(emitter("go"), listen("l", "go")), registry=EMITTERS) as root:
        await until(lambda: starts(root) == ["e"])
        root.lose()
    assert [payload(child) for child in root.children] == [["go", 2]]


@in_virtual_time
async def test_children_may_emit_for_their_own_listeners() -> None:
    document = flow(
        emit("e", "go"), listen("l", "go"), emit("f", "on"), listen("m", "on"), node("root", "event.is_root"),
        output("o"), edges=["l.payload > f.payload", "m.payload > o.__after", "root.result > o.value"],
    )  # fmt: skip
    async with running(document) as root:
        pass
    (child,) = root.children
    (grandchild,) = child.children
    assert grandchild.outputs == {"o": False}
    assert [member.state.setup.depth for member in (root, child, grandchild)] == [0, 1, 2]
    assert grandchild.state.setup.root_execution_id == root.id


def test_a_child_has_the_inputs_and_port_values_of_its_parent() -> None:
    document = flow(
        node("in", "flow.input", name="price"), emit("e", "go"), listen("l", "go"), output("o"), work("w"), output("p"),
        edges=["in.value > o.value", "l.payload > o.__after", "l.payload > w.__after", "w.y > p.value"],
    )  # fmt: skip
    family = family_of(document, inputs={"price": 3}, port_values={"w": {"a": 5}})
    (child,) = family.root.children
    assert child.outputs["o"] == 3
    assert child.inputs_of("w") == {"a": 5}


# --- events from outside ----------------------------------------------------------------------------------------------


def test_a_root_with_events_runs_nothing_itself_and_spawns_a_child_for_each_in_order() -> None:
    family = family_of(EMITTING, events=[("go", 1), ("go", 2), ("go", None)])
    assert [payload(child) for child in family.root.children] == [1, 2, None]
    assert starts(family.root) == []
    assert set(family.root.statuses.values()) == {NodeStatus.IDLE}
    assert [event.spawned_by_node_id for event in spawned(family.root)] == [None] * 3
    assert [child.id for child in family.root.children] == sorted(child.id for child in family.root.children)


def test_the_children_for_events_run_at_the_same_time_and_the_root_completes_when_all_have() -> None:
    family = family_of(EMITTING, events=[("go", number) for number in range(5)])
    assert [child.at("FLOW_COMPLETED") for child in family.root.children] == [[60_000]] * 5
    assert family.root.at("FLOW_COMPLETED") == [60_000]
    assert family.root.outputs == {}
    assert family.root.story[:6] == ["FLOW_STARTED", *["CHILD_EXECUTION_SPAWNED"] * 5]


def test_a_root_with_more_events_than_its_budget_fails_and_spawns_none() -> None:
    family = family_of(EMITTING, events=[("go", 1), ("go", 2)], options=everything(max_children=1))
    assert family.root.status is ExecutionStatus.FAILED
    assert family.root.state.error is not None
    assert family.root.state.error.code is ErrorCode.BUDGET
    assert family.root.children == []


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("place", range(4))
def test_a_root_with_events_that_loses_its_worker_spawns_each_child_once(place: int, fault: Fault) -> None:
    family = family_of(EMITTING, events=[("go", 1), ("go", 2)], faults={place: fault})
    assert [payload(child) for child in family.root.children] == [1, 2]
    assert family.root.status is ExecutionStatus.COMPLETED


# --- failures and limits ----------------------------------------------------------------------------------------------

FAILING = flow(emit("e", "go"), listen("l", "go"), work("bad", LONG, fails=-1), edges=["l.payload > bad.a"])


def test_a_child_that_fails_is_an_event_in_its_parent_which_goes_on() -> None:
    root = family_of(FAILING).root
    (told,) = [event for event in root.events if isinstance(event, ChildExecutionFailed)]
    assert (told.spawned_by_node_id, told.event_name, told.error.code) == ("e", "go", ErrorCode.NODE)
    assert root.status is ExecutionStatus.COMPLETED
    assert root.state.failed_node_count == 0


def test_a_child_that_fails_fails_its_parent_where_that_is_wanted() -> None:
    family = family_of(FAILING, options=everything(on_child_failure=NodeFailurePolicy.FAIL))
    assert family.root.status is ExecutionStatus.FAILED
    assert family.root.state.error is not None
    assert family.root.children[0].id in family.root.state.error.message


def test_the_failure_of_one_child_stops_the_others_where_it_fails_the_parent() -> None:
    document = flow(
        listen("l", "bad"), work("bad", LONG, fails=-1, lasts=1000), listen("m", "slow"), wait_for("slow", "never"),
        edges=["l.payload > bad.a", "m.payload > slow.__after"],
    )  # fmt: skip
    options = everything(on_child_failure=NodeFailurePolicy.FAIL)
    family = family_of(document, events=[("slow", 1), ("bad", 1), ("slow", 2)], options=options)
    statuses = [child.status for child in family.root.children]
    assert statuses == [ExecutionStatus.STOPPED, ExecutionStatus.FAILED, ExecutionStatus.STOPPED]


def test_a_node_whose_child_the_budget_does_not_allow_fails_and_spawns_nothing() -> None:
    document = flow(
        emit("first", "go"), emit("second", "go"), work("saved"), listen("l", "go"),
        edges=["first.__success > second.__execute", "second.__error > saved.__execute"],
    )  # fmt: skip
    root = family_of(document, options=everything(max_children=1)).root
    (failed,) = root.of_node("second", NodeFailed)
    assert failed.error.code is ErrorCode.BUDGET
    assert len(root.children) == len(spawned(root)) == 1
    assert root.status is ExecutionStatus.COMPLETED
    assert not root.of_node("second", NodeCompleted)


def test_a_budget_that_is_used_up_fails_the_flow_where_nothing_handles_it() -> None:
    root = family_of(EMITTING, options=everything(max_children=0)).root
    assert root.state.error is not None
    assert (root.state.error.code, root.state.error.node_id) == (ErrorCode.BUDGET, "e")


def test_the_budget_is_the_whole_trees() -> None:
    document = flow(listen("l", "go"), emit("e", "on"), listen("m", "on"), edges=["l.payload > e.payload"])
    family = family_of(document, events=[("go", 1), ("go", 2)], options=everything(max_children=3))
    assert sorted(len(child.children) for child in family.root.children) == [0, 1]
    assert sorted(child.status for child in family.root.children) == [ExecutionStatus.COMPLETED, ExecutionStatus.FAILED]


def test_a_hundred_levels_below_the_root_nothing_is_spawned_any_more() -> None:
    document = flow(emit("e", "go"), listen("l", "go"), emit("f", "go"), edges=["l.payload > f.payload"])
    family = family_of(document)
    assert len(family.members) == MAX_DEPTH + 1
    last = max(family.members.values(), key=lambda member: member.state.setup.depth)
    assert last.of_node("f", NodeFailed)[0].error.code is ErrorCode.DEPTH
    assert not last.of_node("f", NodeStarted)[1:]
    assert last.status is ExecutionStatus.FAILED
    assert family.root.status is ExecutionStatus.COMPLETED
