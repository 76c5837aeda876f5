"""Groups: their members start after them, are skipped with them, and end before them."""

import pytest

from engine.events import NodeFailed, NodeSkipped
from engine.status import ErrorCode, ExecutionStatus, NodeStatus
from tests.engine.log_rules import check_log
from tests.engine.running import Document, Run, everything, flow, group, run, work
from tests.engine.virtual_clock import in_virtual_time

CONTINUE = everything(on_node_failure="CONTINUE")


async def checked(document: Document, **settings: object) -> Run:
    done = await run(document, **settings)
    check_log(done, document)
    return done


def place(done: Run, line: str) -> int:
    return done.story.index(line)


@in_virtual_time
async def test_members_start_after_their_group_and_the_group_completes_after_them() -> None:
    done = await checked(
        flow(
            work("gate", "test.safe", lasts=10),
            group("g"),
            work("a", "test.safe", lasts=20, parent="g"),
            work("b", "test.safe", lasts=30, parent="g"),
            edges=["gate.flag > g.__execute"],
        )
    )
    assert done.at("NODE_STARTED", "a") == done.at("NODE_STARTED", "g") == [10]
    assert done.at("NODE_COMPLETED", "g") == [40]
    assert place(done, "NODE_STARTED g") < place(done, "NODE_STARTED a")


@in_virtual_time
async def test_an_empty_group_completes_at_once() -> None:
    done = await checked(flow(group("g"), work("after"), edges=["g.__success > after.__execute"]))
    assert done.statuses == {"g": NodeStatus.COMPLETED, "after": NodeStatus.COMPLETED}


@pytest.mark.parametrize("closed", ["false", "dead", "disabled"])
@in_virtual_time
async def test_a_group_that_does_not_run_skips_its_members_down_to_the_last(closed: str) -> None:
    gate = work("gate", flag=False, gives=[] if closed == "dead" else ["flag"])
    done = await checked(
        flow(
            gate,
            group("g", disabled=closed == "disabled"),
            group("inner", parent="g"),
            work("a", parent="inner"),
            work("b", parent="g"),
            edges=["gate.flag > g.__execute"],
        )
    )
    causes = {node: done.of_node(node, NodeSkipped)[0].caused_by for node in ("g", "inner", "a", "b")}
    assert causes == {"g": [] if closed == "disabled" else ["gate"], "inner": ["g"], "a": ["inner"], "b": ["g"]}


@in_virtual_time
async def test_a_group_holds_no_place_among_the_running_nodes() -> None:
    done = await checked(
        flow(group("g"), group("h", parent="g"), work("a", "test.safe", lasts=5, parent="h")),
        options=everything(max_concurrency=1),
    )
    assert done.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_edges_cross_the_border_of_a_group_both_ways() -> None:
    done = await checked(
        flow(
            work("outside"),
            group("g"),
            work("inside", parent="g"),
            work("far"),
            edges=["outside.x > inside.a", "inside.x > far.a"],
        )
    )
    assert done.inputs_of("far") == {"a": done.state.nodes[2].outputs["x"].data}


@in_virtual_time
async def test_what_a_member_gives_goes_on_before_its_group_has_completed() -> None:
    done = await checked(
        flow(
            group("g"),
            work("quick", "test.safe", lasts=1, parent="g"),
            work("slow", "test.safe", lasts=500, parent="g"),
            work("far", "test.safe", lasts=1),
            edges=["quick.x > far.a"],
        )
    )
    assert done.at("NODE_STARTED", "far") == [1]


@in_virtual_time
async def test_a_group_fails_when_a_member_has_failed_unhandled_and_names_it() -> None:
    done = await checked(
        flow(group("g"), work("bad", parent="g", fails=-1), work("slow", "test.safe", lasts=50, parent="g")),
        options=CONTINUE,
    )
    (failure,) = done.of_node("g", NodeFailed)
    assert (failure.error.code, failure.error.node_id) == (ErrorCode.NODE, "g")
    assert "bad" in failure.error.message
    assert done.at("NODE_FAILED", "g") == [50]


@in_virtual_time
async def test_a_group_completes_when_the_failure_of_its_member_was_handled() -> None:
    done = await checked(
        flow(group("g"), work("bad", parent="g", fails=-1), work("saved"), edges=["bad.__error > saved.__execute"])
    )
    assert done.statuses["g"] is NodeStatus.COMPLETED
    assert done.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_failure_in_a_group_whose_error_port_is_connected_does_not_fail_the_flow() -> None:
    done = await checked(
        flow(
            group("g"),
            group("inner", parent="g"),
            work("bad", parent="inner", fails=-1),
            work("other", "test.safe", lasts=50, parent="g"),
            work("saved"),
            edges=["g.__errorMessage > saved.a"],
        )
    )
    assert done.status is ExecutionStatus.COMPLETED
    assert done.statuses["other"] is NodeStatus.COMPLETED
    assert done.inputs_of("saved") == {"a": "Failed in the group: inner."}


@in_virtual_time
async def test_a_failure_in_a_group_that_nothing_handles_fails_the_flow_at_once_by_the_members_name() -> None:
    done = await checked(
        flow(
            group("g"),
            work("bad", parent="g", fails=-1),
            work("slow", "test.safe", lasts=5000, parent="g"),
            work("saved"),
            edges=["g.__success > saved.__execute"],
        )
    )
    assert done.status is ExecutionStatus.FAILED
    assert done.state.error
    assert done.state.error.node_id == "bad"
    assert done.at("FLOW_FAILED") == [0]
    assert done.of_node("g", NodeFailed)[0].error.code is ErrorCode.CANCELLED


@in_virtual_time
async def test_a_member_may_be_skipped_before_its_group_has_started() -> None:
    done = await checked(
        flow(
            work("mute", gives=[]),
            work("slow", "test.safe", lasts=50),
            group("g"),
            work("a", parent="g"),
            edges=["mute.x > a.a", "slow.flag > g.__execute"],
        )
    )
    assert done.of_node("a", NodeSkipped)[0].caused_by == ["mute"]
    assert done.at("NODE_COMPLETED", "g") == [50]


@in_virtual_time
async def test_of_many_failed_members_only_some_are_named() -> None:
    members = [work(f"n{number}", parent="g", fails=-1) for number in range(500)]
    done = await checked(flow(group("g"), *members), options=CONTINUE)
    message = done.of_node("g", NodeFailed)[0].error.message
    assert message == f"Failed in the group: {', '.join(f'n{number}' for number in range(10))} and 490 more."


@in_virtual_time
async def test_a_deep_nest_of_groups_closes_from_the_inside() -> None:
    depth = 200
    groups = [group(f"g{number}", **({"parent": f"g{number - 1}"} if number else {})) for number in range(depth)]
    done = await checked(flow(*groups, work("a", parent=f"g{depth - 1}")))
    ends = [line for line in done.story if line.startswith("NODE_COMPLETED")]
    assert ends == ["NODE_COMPLETED a", *(f"NODE_COMPLETED g{number}" for number in reversed(range(depth)))]
