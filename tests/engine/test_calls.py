"""Nodes that run other flows: flow.call once, flow.map for each item, flow.repeat until it is enough."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from engine.commands import Pause, Resume, Stop
from engine.events import NodeCompleted, NodeFailed, NodeRetrying, NodeStarted, NodeStatusChanged, NodeWaiting
from engine.runner import Ending
from engine.status import ErrorCode, ExecutionStatus, NodeFailurePolicy, NodeStatus
from tests.engine.commanded import node, running, starts, wait_for
from tests.engine.family import Family, Member
from tests.engine.running import Document, everything, flow, output, until, work
from tests.engine.virtual_clock import in_virtual_time, run_virtual

LONG = "test.effect"
LEVELS = 100
"""How far below its root an execution may be."""

RETRY = {"maxAttempts": 3, "initialDelayMs": 1000, "jitter": 0.0, "on": ["NODE"]}


def given(name: str, **inputs: Any) -> dict[str, Any]:
    return node(f"in-{name}", "flow.input", name=name, **inputs)


SUM = flow(
    given("a"), given("b", default=1), node("add", "math.arithmetic", operation="add"), output("sum"),
    edges=["in-a.value > add.a", "in-b.value > add.b", "add.result > sum.value"],
)  # fmt: skip
"""Gives `sum`, `a` and `b` together."""

SLEEP = flow(
    given("ms"), node("nap", "time.sleep"), output("slept"),
    edges=["in-ms.value > nap.durationMs", "in-ms.value > nap.value", "nap.value > slept.value"],
)  # fmt: skip
"""Gives `slept` after so many milliseconds; a number below 0 fails it."""

INDEXED = flow(
    given("item"), given("index"), output("i"), edges=["in-item.value > i.__after", "in-index.value > i.value"]
)
COUNT = flow(
    given("n"), node("add", "math.arithmetic", operation="add", b=1), output("n"),
    edges=["in-n.value > add.a", "add.result > n.value"],
)  # fmt: skip
DOWN = flow(
    given("ms"), node("nap", "time.sleep"), node("less", "math.arithmetic", operation="subtract", b=1000), output("ms"),
    edges=["in-ms.value > nap.durationMs", "in-ms.value > nap.value", "nap.value > less.a", "less.result > ms.value"],
)  # fmt: skip
"""Sleeps so many milliseconds, and gives a second less; a number below 0 fails it."""

FAILING = flow(work("bad", LONG, fails=-1, lasts=1000))
FAILING_ITEM = flow(given("item"), work("bad", LONG, fails=-1, lasts=1000))
WAITING = flow(wait_for("w", "never"))
FLOWS = {
    "sum": SUM, "sleep": SLEEP, "indexed": INDEXED, "count": COUNT, "down": DOWN, "failing": FAILING,
    "failing-item": FAILING_ITEM, "waiting": WAITING,
}  # fmt: skip


def calling(type_: str = "flow.call", /, *, settings: Mapping[str, Any] | None = None, **inputs: Any) -> Document:
    """A flow with one node that calls, each of whose outputs is an output of the flow."""
    ports = {"flow.call": ["outputs"], "flow.map": ["results", "failed"], "flow.repeat": ["outputs", "times"]}[type_]
    return flow(
        {**node("call", type_, **inputs), **(settings or {})},
        *map(output, ports),
        edges=[f"call.{port} > {port}.value" for port in ports],
    )


def called(document: Document, **settings: Any) -> Member:
    return run_virtual(Family(document, flows=FLOWS, **settings).live()).root


def failure(root: Member, node_id: str = "call") -> Any:
    (failed,) = root.of_node(node_id, NodeFailed)
    return failed.error


def most_open(root: Member) -> int:
    """How many children were there at the same time at most."""
    open_, most = 0, 0
    for event in root.events:
        open_ += (event.kind == "CHILD_EXECUTION_SPAWNED") - event.kind.startswith("CHILD_EXECUTION_COMPLETED")
        open_ -= event.kind == "CHILD_EXECUTION_FAILED"
        most = max(most, open_)
    return most


# --- flow.call --------------------------------------------------------------------------------------------------------


def test_a_called_flow_gets_its_inputs_and_its_outputs_are_what_the_node_gives() -> None:
    root = called(calling(flowId="sum", inputs={"a": 20, "b": 3}))
    assert root.outputs == {"outputs": {"sum": 23}}
    (child,) = root.children
    assert (child.state.setup.depth, child.state.setup.event) == (1, None)


def test_inputs_that_are_not_given_have_their_defaults() -> None:
    assert called(calling(flowId="sum", inputs={"a": 20})).outputs == {"outputs": {"sum": 21}}


def test_the_wait_for_a_called_flow_is_told_before_the_child_and_ends_after_it() -> None:
    root = called(calling(flowId="sum", inputs={"a": 1}))
    assert root.story[:6] == [
        "FLOW_STARTED", "NODE_STARTED call", "NODE_WAITING call", "CHILD_EXECUTION_SPAWNED",
        "CHILD_EXECUTION_COMPLETED", "NODE_COMPLETED call",
    ]  # fmt: skip
    (waiting,) = root.of_node("call", NodeWaiting)
    assert waiting.child_count == 1
    assert waiting.calls is not None
    assert (waiting.calls.flow_id, waiting.calls.flow_version, waiting.calls.count) == ("sum", 1, 1)


@in_virtual_time
async def test_a_node_that_waits_for_a_called_flow_holds_no_worker_and_no_place() -> None:
    document = flow(node("call", "flow.call", flowId="sleep", inputs={"ms": 60_000}), work("b", LONG, lasts=10))
    async with running(document, flows=FLOWS, options=everything(max_concurrency=1)) as root:
        await asyncio.sleep(30)
        assert root.ending is Ending.RELEASED
        assert starts(root) == ["call", "b"]
    assert root.at("FLOW_COMPLETED") == [60_000]


def test_a_node_knows_again_what_it_remembered_when_it_called() -> None:
    document = flow(node("call", "test.remembering"), output("texts"), edges=["call.texts > texts.value"])
    assert called(document).outputs == {"texts": [text * 70_000 for text in "012"]}


@pytest.mark.parametrize(
    ("flow_id", "inputs", "said"),
    [("nowhere", {}, "nowhere"), ("sum", {}, "a"), ("sum", {"a": 1, "c": 2}, "c")],
)
def test_a_call_that_the_flow_does_not_take_fails_the_node_with_input(
    flow_id: str, inputs: dict[str, Any], said: str
) -> None:
    root = called(calling(flowId=flow_id, inputs=inputs))
    assert failure(root).code is ErrorCode.INPUT
    assert said in failure(root).message
    assert root.children == []


def test_a_called_flow_that_fails_fails_the_node() -> None:
    root = called(calling(flowId="failing"))
    assert failure(root).code is ErrorCode.NODE
    assert root.children[0].id in failure(root).message
    assert root.status is ExecutionStatus.FAILED


def test_the_failure_of_a_called_flow_can_be_handled() -> None:
    document = flow(
        node("call", "flow.call", flowId="failing"), output("said"), edges=["call.__errorMessage > said.value"]
    )
    root = called(document)
    assert root.status is ExecutionStatus.COMPLETED
    assert "Attempt 1" in root.outputs["said"]


@in_virtual_time
async def test_a_called_flow_that_somebody_stops_fails_the_node() -> None:
    async with running(calling(flowId="waiting"), flows=FLOWS) as root:
        await until(lambda: root.children)
        root.children[0].send(Stop("no more"))
    assert root.status is ExecutionStatus.FAILED
    assert failure(root).code is ErrorCode.NODE


def test_a_retry_of_a_call_runs_the_flow_anew() -> None:
    root = called(calling(flowId="failing", settings={"retry": RETRY}))
    assert len(root.children) == 3
    assert len(root.of_node("call", NodeRetrying)) == 2
    assert [event.attempt for event in root.of_node("call", NodeStarted)] == [1, 2, 3]
    assert root.at("NODE_STARTED", "call") == [0, 2000, 5000]


def test_the_time_limits_of_node_and_flow_do_not_count_the_wait_for_a_called_flow() -> None:
    document = calling(flowId="sleep", inputs={"ms": 60_000}, settings={"timeoutMs": 500})
    root = called(document, options=everything(flow_timeout_ms=1000))
    assert root.outputs == {"outputs": {"slept": 60_000}}


def test_flows_that_call_each_other_without_end_stop_at_a_hundred_levels() -> None:
    loop = flow(node("again", "flow.call", flowId="loop"))
    family = run_virtual(Family(loop, flows={"loop": loop}).live())
    assert len(family.members) == LEVELS + 1
    last = max(family.members.values(), key=lambda member: member.state.setup.depth)
    assert failure(last, "again").code is ErrorCode.DEPTH
    assert {member.status for member in family.members.values()} == {ExecutionStatus.FAILED}


def test_a_called_flow_that_fails_fails_the_whole_flow_where_that_is_wanted() -> None:
    document = flow(
        node("call", "flow.call", flowId="failing"), work("saved"), edges=["call.__error > saved.__execute"]
    )
    root = called(document, options=everything(on_child_failure=NodeFailurePolicy.FAIL))
    assert root.status is ExecutionStatus.FAILED
    assert failure(root).code is ErrorCode.CANCELLED


def test_a_budget_that_does_not_allow_the_call_fails_the_node() -> None:
    root = called(calling(flowId="sum", inputs={"a": 1}), options=everything(max_children=0))
    assert failure(root).code is ErrorCode.BUDGET
    assert root.children == []


@in_virtual_time
async def test_a_stop_ends_the_wait_and_what_was_called() -> None:
    async with running(calling(flowId="waiting"), flows=FLOWS) as root:
        await until(lambda: root.children and root.children[0].of_node("w", NodeWaiting))
        root.send(Stop())
    assert failure(root).code is ErrorCode.CANCELLED
    assert root.children[0].status is ExecutionStatus.STOPPED


# --- flow.map ---------------------------------------------------------------------------------------------------------


def test_a_flow_is_run_for_each_item_and_the_results_come_in_the_order_of_the_items() -> None:
    root = called(calling("flow.map", flowId="sleep", items=[9000, 3000, 6000]))
    assert root.outputs == {"results": [{"slept": 9000}, {"slept": 3000}, {"slept": 6000}], "failed": []}
    assert root.at("CHILD_EXECUTION_COMPLETED") == [3000, 6000, 9000]


def test_item_and_index_go_to_the_inputs_of_that_name() -> None:
    root = called(calling("flow.map", flowId="indexed", items=["a", "b"]))
    assert root.outputs["results"] == [{"i": 0}, {"i": 1}]


def test_no_items_are_no_runs() -> None:
    root = called(calling("flow.map", flowId="sleep", items=[]))
    assert root.outputs == {"results": [], "failed": []}
    assert root.children == []


@pytest.mark.parametrize(("concurrency", "ends"), [(1, [1000, 3000, 6000, 10_000]), (2, [1000, 2000, 4000, 6000])])
def test_only_so_many_run_at_once(concurrency: int, ends: list[int]) -> None:
    root = called(calling("flow.map", flowId="sleep", items=[1000, 2000, 3000, 4000], concurrency=concurrency))
    assert root.at("CHILD_EXECUTION_COMPLETED") == ends
    assert most_open(root) == concurrency
    assert root.outputs["results"] == [{"slept": ms} for ms in (1000, 2000, 3000, 4000)]


@pytest.mark.parametrize("concurrency", [1, None])
def test_runs_that_fail_are_reported_and_the_others_go_on(concurrency: int | None) -> None:
    inputs = {} if concurrency is None else {"concurrency": concurrency}
    root = called(calling("flow.map", flowId="sleep", items=[1000, -1, 2000], **inputs))
    assert root.outputs["results"] == [{"slept": 1000}, None, {"slept": 2000}]
    (failed,) = root.outputs["failed"]
    assert (failed["index"], failed["executionId"]) == (1, root.children[1].id)
    assert failed["message"]
    assert root.status is ExecutionStatus.COMPLETED


def test_a_budget_that_ends_in_the_middle_of_the_items_fails_the_node_and_the_flow_waits_for_what_runs() -> None:
    document = flow(
        node("call", "flow.map", flowId="sleep", items=[1000, 9000, 9000, 9000], concurrency=2),
        output("said"),
        edges=["call.__errorMessage > said.value"],
    )
    root = called(document, options=everything(max_children=2))
    assert failure(root).code is ErrorCode.BUDGET
    assert (root.at("NODE_FAILED"), root.at("FLOW_COMPLETED")) == ([1000], [9000])
    assert len(root.children) == 2


def test_items_that_the_flow_does_not_take_fail_the_node_before_anything_runs() -> None:
    document = calling("flow.map", flowId="sum", items=[1, 2])
    root = called(document)
    assert failure(root).code is ErrorCode.INPUT
    assert root.children == []


@in_virtual_time
async def test_a_run_that_ends_in_a_pause_makes_room_for_another_which_is_born_paused() -> None:
    document = calling("flow.map", flowId="failing-item", items=[1, 2], concurrency=1)
    async with running(document, flows=FLOWS) as root:
        await until(lambda: root.children and starts(root.children[0]))
        root.send(Pause())
        await asyncio.sleep(60)
        first, second = root.children
        assert first.status is ExecutionStatus.FAILED
        assert second.story == ["FLOW_STARTED", "FLOW_PAUSED", "FLOW_DRAINED"]
        root.send(Resume())
    assert [failed["index"] for failed in root.outputs["failed"]] == [0, 1]


@in_virtual_time
async def test_a_call_whose_last_run_ends_in_a_pause_completes_there_and_starts_nothing() -> None:
    document = flow(node("call", "flow.map", flowId="failing-item", items=[1]), work("b"), edges=["call.results > b.a"])
    async with running(document, flows=FLOWS) as root:
        await until(lambda: root.children and starts(root.children[0]))
        root.send(Pause())
        await asyncio.sleep(60)
        assert root.story[-1] == "NODE_COMPLETED call"
        root.send(Resume())
    assert root.status is ExecutionStatus.COMPLETED


# --- flow.repeat ------------------------------------------------------------------------------------------------------


def test_a_flow_is_repeated_with_what_it_gave_until_it_is_enough() -> None:
    root = called(calling("flow.repeat", flowId="count", inputs={"n": 0}, until="n >= 3", maxTimes=10))
    assert root.outputs == {"outputs": {"n": 3}, "times": 3}
    assert len(root.children) == 3
    assert most_open(root) == 1
    assert len(root.of_node("call", NodeStarted)) == 1


def test_a_node_that_calls_again_has_not_changed_its_status() -> None:
    root = called(calling("flow.repeat", flowId="count", inputs={"n": 0}, until="n >= 3", maxTimes=10))
    changes = [(event.old_status, event.new_status) for event in root.of_node("call", NodeStatusChanged)]
    assert [new for _, new in changes] == [NodeStatus.EXECUTING, NodeStatus.WAITING, NodeStatus.COMPLETED]
    assert len(root.of_node("call", NodeWaiting)) == 3


def test_a_flow_is_repeated_at_most_so_often() -> None:
    root = called(calling("flow.repeat", flowId="count", inputs={"n": 0}, until="n >= 30", maxTimes=4))
    assert root.outputs == {"outputs": {"n": 4}, "times": 4}


def test_inputs_without_an_output_of_their_name_stay_as_they_were() -> None:
    root = called(calling("flow.repeat", flowId="sum", inputs={"a": 1, "b": 2}, until="sum > 3", maxTimes=3))
    assert [child.inputs for child in root.children] == [{"a": 1, "b": 2}] * 3
    assert root.outputs == {"outputs": {"sum": 3}, "times": 3}


def test_a_run_that_fails_ends_the_repetition() -> None:
    root = called(calling("flow.repeat", flowId="sleep", inputs={"ms": -1}, until="true", maxTimes=3))
    assert len(root.children) == 1
    assert root.status is ExecutionStatus.FAILED


def test_an_expression_that_gives_no_truth_fails_the_node() -> None:
    root = called(calling("flow.repeat", flowId="count", inputs={"n": 0}, until="n + 1", maxTimes=3))
    assert failure(root).code is ErrorCode.NODE


def test_a_retry_of_a_repetition_begins_with_its_first_inputs() -> None:
    retry = {**RETRY, "on": ["INPUT"]}
    settings = {"retry": retry}
    root = called(
        calling("flow.repeat", flowId="down", inputs={"ms": 1000}, until="false", maxTimes=4, settings=settings)
    )
    assert [child.inputs["ms"] for child in root.children] == [1000, 0, -1000] * 3
    assert not root.of_node("call", NodeCompleted)


# --- losses -----------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_parent_that_is_lost_while_its_children_end_finds_all_their_results() -> None:
    async with running(calling("flow.map", flowId="sleep", items=[3000, 4000, 5000]), flows=FLOWS) as root:
        await until(lambda: len(root.children) == 3)
        for _ in range(3):
            await asyncio.sleep(1.5)
            if root.work and not root.work.done():
                root.lose()
    assert root.outputs["results"] == [{"slept": ms} for ms in (3000, 4000, 5000)]
    assert len(root.children) == 3
