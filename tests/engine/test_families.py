"""What happens to an execution happens to all below it: stops, pauses, resumes."""

import asyncio

import pytest

from engine.commands import Pause, Resume, Step, Stop
from engine.events import FlowPaused, TerminalEvent
from engine.status import ExecutionStatus, NodeFailurePolicy
from tests.engine.commanded import emit, listen, node, running, starts, wait_for
from tests.engine.family import Family, Member
from tests.engine.running import everything, flow, until, work
from tests.engine.virtual_clock import in_virtual_time

LONG = "test.effect"
PAUSED, RUNNING = ExecutionStatus.PAUSED, ExecutionStatus.RUNNING

LEVELS = flow(
    emit("e", "go"), listen("l", "go"), emit("f", "on"), work("mid", LONG, lasts=9000), listen("m", "on"),
    work("low", LONG, lasts=9000), work("last", LONG, lasts=1000),
    edges=["l.payload > f.payload", "l.payload > mid.a", "m.payload > low.a", "low.x > last.a"],
)  # fmt: skip
"""A root with a child that has a child."""

CALLS = flow(node("call", "flow.call", flowId="middle"))
FLOWS = {
    "middle": flow(node("call", "flow.call", flowId="low")),
    "low": flow(work("low", LONG, lasts=9000), work("last"), edges=["low.x > last.a"]),
}


async def line(root: Member) -> list[Member]:
    """The root, its child and its grandchild, when all of them are at work."""
    await until(lambda: len(root.descendants) == 2 and "low" in starts(root.descendants[1]))
    return [root, *root.descendants]


def pauses(member: Member) -> list[bool]:
    """For each pause whether it came from above."""
    return [event.by_parent for event in member.events if isinstance(event, FlowPaused)]


def statuses(members: list[Member]) -> list[ExecutionStatus]:
    return [member.told_status for member in members]


# --- stop -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [LEVELS, CALLS])
@in_virtual_time
async def test_a_stop_takes_the_whole_subtree_along(document: object) -> None:
    async with running(document, flows=FLOWS) as root:  # type: ignore[arg-type]
        members = await line(root)
        root.send(Stop("enough"))
    assert statuses(members) == [ExecutionStatus.STOPPED] * 3
    assert all(sum(isinstance(event, TerminalEvent) for event in member.events) == 1 for member in members)
    assert members[2].story[-2:] == ["NODE_FAILED low", "FLOW_CANCELLED"]
    assert members[2].events[-1].reason == "enough"  # type: ignore[attr-defined]


@in_virtual_time
async def test_a_stop_of_a_child_leaves_its_parent_and_takes_what_is_below_it() -> None:
    async with running(LEVELS) as root:
        members = await line(root)
        members[1].send(Stop())
    assert statuses(members) == [ExecutionStatus.COMPLETED, ExecutionStatus.STOPPED, ExecutionStatus.STOPPED]
    assert "CHILD_EXECUTION_FAILED" in root.story


@in_virtual_time
async def test_a_stop_reaches_children_that_were_spawned_a_moment_before() -> None:
    async with running(LEVELS) as root:
        await until(lambda: root.children)
        root.send(Stop())
    assert all(member.told_status is ExecutionStatus.STOPPED for member in [root, *root.descendants])


@in_virtual_time
async def test_the_failure_of_a_parent_stops_its_children() -> None:
    document = flow(
        emit("e", "go"), work("bad", LONG, lasts=5000, fails=-1), listen("l", "go"), wait_for("w", "never"),
        edges=["l.payload > w.__after"],
    )  # fmt: skip
    async with running(document) as root:
        pass
    assert root.status is ExecutionStatus.FAILED
    assert [child.status for child in root.children] == [ExecutionStatus.STOPPED]


@in_virtual_time
async def test_a_stop_of_a_paused_tree_ends_all_of_it() -> None:
    async with running(LEVELS) as root:
        members = await line(root)
        root.send(Pause())
        await until(lambda: statuses(members) == [PAUSED] * 3)
        root.send(Stop())
    assert statuses(members) == [ExecutionStatus.STOPPED] * 3


# --- pause ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [LEVELS, CALLS])
@in_virtual_time
async def test_a_pause_takes_the_subtree_along_and_a_resume_lifts_it(document: object) -> None:
    async with running(document, flows=FLOWS) as root:  # type: ignore[arg-type]
        members = await line(root)
        root.send(Pause("lunch"))
        await asyncio.sleep(60)
        assert statuses(members) == [PAUSED] * 3
        assert [pauses(member) for member in members] == [[False], [True], [True]]
        assert "last" not in starts(members[2])
        root.send(Resume())
    assert statuses(members) == [ExecutionStatus.COMPLETED] * 3


@in_virtual_time
async def test_each_member_of_a_paused_tree_says_when_it_is_drained() -> None:
    async with running(LEVELS) as root:
        members = await line(root)
        root.send(Pause())
        await asyncio.sleep(60)
        assert [member.story.count("FLOW_DRAINED") for member in members] == [1, 1, 1]
        assert members[2].story[-2:] == ["NODE_COMPLETED low", "FLOW_DRAINED"]
        root.send(Resume())


@in_virtual_time
async def test_a_child_that_its_own_client_paused_stays_so_when_the_parent_goes_on() -> None:
    async with running(LEVELS) as root:
        members = await line(root)
        members[1].send(Pause())
        await until(lambda: statuses(members) == [RUNNING, PAUSED, PAUSED])
        root.send(Pause())
        await until(lambda: root.told_status is PAUSED)
        root.send(Resume())
        await asyncio.sleep(60)
        assert statuses(members) == [RUNNING, PAUSED, PAUSED]
        assert pauses(members[1]) == [False]
        members[1].send(Resume())
    assert statuses(members) == [ExecutionStatus.COMPLETED] * 3


@in_virtual_time
async def test_a_child_may_go_on_while_its_parent_is_paused() -> None:
    async with running(LEVELS) as root:
        members = await line(root)
        root.send(Pause())
        await until(lambda: statuses(members) == [PAUSED] * 3)
        members[1].send(Resume())
        await asyncio.sleep(60)
        assert statuses(members) == [PAUSED, ExecutionStatus.COMPLETED, ExecutionStatus.COMPLETED]
        assert root.story[-1] == "CHILD_EXECUTION_COMPLETED"
        root.send(Resume())
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_breakpoint_in_a_child_holds_up_what_is_below_it_and_not_its_parent() -> None:
    async with running(LEVELS, options=everything(breakpoints=["mid"])) as root:
        await until(lambda: root.descendants and "DEBUG_BREAKPOINT_HIT mid" in root.children[0].story)
        await asyncio.sleep(60)
        assert root.told_status is RUNNING
        root.send(Pause())
        root.send(Resume())
        await asyncio.sleep(60)
        assert root.children[0].told_status is PAUSED, "the parent lifts only what it paused"
        root.children[0].send(Resume())
    assert {member.status for member in [root, *root.descendants]} == {ExecutionStatus.COMPLETED}


@in_virtual_time
async def test_a_child_of_a_paused_parent_is_born_paused() -> None:
    document = flow(work("a", LONG, lasts=5000), emit("e", "go"), listen("l", "go"), edges=["a.x > e.payload"])
    async with running(document) as root:
        await until(lambda: starts(root))
        root.send(Pause())
        root.send(Step())
        await asyncio.sleep(60)
        (child,) = root.children
        assert child.story == ["FLOW_STARTED", "FLOW_PAUSED", "FLOW_DRAINED"]
        assert pauses(child) == [True]
        root.send(Resume())
    assert child.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_the_children_for_events_are_born_paused_where_the_root_was_paused_first() -> None:
    family = Family(LEVELS, events=[("go", 1), ("go", 2)])
    async with family.under_way():
        family.root.send(Pause())
        await asyncio.sleep(60)
        assert [starts(child) for child in family.root.children] == [[], []]
        family.root.send(Resume())
    assert family.root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_member_that_is_lost_in_a_pause_goes_on_only_after_it() -> None:
    async with running(LEVELS, warm_seconds=10**9) as root:
        members = await line(root)
        root.send(Pause())
        await until(lambda: statuses(members) == [PAUSED] * 3)
        for member in members:
            member.lose()
        await asyncio.sleep(60)
        assert starts(members[2]) == ["m", "low"]
        root.send(Resume())
    assert starts(members[2]) == ["m", "low", "low", "last"]
    assert statuses(members) == [ExecutionStatus.COMPLETED] * 3


@pytest.mark.parametrize("policy", NodeFailurePolicy)
@in_virtual_time
async def test_a_child_that_fails_while_its_parent_is_paused_is_recorded_there(policy: NodeFailurePolicy) -> None:
    document = flow(
        emit("e", "go"), listen("l", "go"), work("bad", LONG, lasts=5000, fails=-1), edges=["l.payload > bad.a"]
    )
    async with running(document, options=everything(on_child_failure=policy)) as root:
        await until(lambda: root.children and "bad" in starts(root.children[0]))
        root.send(Pause())
        await asyncio.sleep(60)
        assert "CHILD_EXECUTION_FAILED" in root.story
        assert root.has_ended is (policy is NodeFailurePolicy.FAIL)
        if not root.has_ended:
            root.send(Resume())
    expected = ExecutionStatus.FAILED if policy is NodeFailurePolicy.FAIL else ExecutionStatus.COMPLETED
    assert root.status is expected
