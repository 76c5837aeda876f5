"""A breakpoint stops an execution before a node, once, and anybody can let it go on."""

import asyncio

import pytest

from engine.commands import Command, Pause, Resume, SetBreakpoints, Step, Stop
from engine.events import BreakpointsSet
from engine.status import ExecutionStatus
from tests.engine.commanded import after, emit, listen, node, paused, running, starts
from tests.engine.family import Family
from tests.engine.running import Document, everything, flow, group, until, work
from tests.engine.virtual_clock import in_virtual_time

LONG = "test.effect"
LINE = flow(work("a", LONG), work("b", LONG), work("c", LONG), edges=["a.x > b.a", "b.x > c.a"])


def stopping(*node_ids: str, **options: object) -> dict[str, object]:
    return {"options": everything(breakpoints=list(node_ids), **options)}


def hits(member: object) -> list[str]:
    return [event.node_id for event in member.events if event.kind == "DEBUG_BREAKPOINT_HIT"]  # type: ignore[attr-defined]


@in_virtual_time
async def test_a_breakpoint_pauses_the_execution_before_its_node_starts() -> None:
    async with running(LINE, **stopping("b")) as root:
        await asyncio.sleep(60)
        assert root.story[-3:] == ["NODE_COMPLETED a", "DEBUG_BREAKPOINT_HIT b", "FLOW_DRAINED"]
        assert root.told_status is ExecutionStatus.PAUSED
        root.send(Resume())
    assert after(root, "FLOW_DRAINED")[1:] == [
        "FLOW_RESUMED", "NODE_STARTED b", "NODE_COMPLETED b", "NODE_STARTED c", "NODE_COMPLETED c", "FLOW_COMPLETED",
    ]  # fmt: skip
    assert hits(root) == ["b"]


@in_virtual_time
async def test_what_runs_when_a_breakpoint_is_hit_may_finish_before_the_flow_is_drained() -> None:
    document = flow(work("long", LONG, lasts=5000), work("a", LONG), work("b", LONG), edges=["a.x > b.a"])
    async with running(document, **stopping("b")) as root:
        await asyncio.sleep(60)
        assert root.story[-3:] == ["DEBUG_BREAKPOINT_HIT b", "NODE_COMPLETED long", "FLOW_DRAINED"]
        root.send(Resume())


@in_virtual_time
async def test_a_step_passes_the_breakpoint_before_the_node_that_it_starts() -> None:
    async with running(LINE, **stopping("b")) as root:
        await until(lambda: hits(root))
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["a", "b"]
        assert root.told_status is ExecutionStatus.PAUSED
        root.send(Resume())
    assert hits(root) == ["b"]


@in_virtual_time
async def test_a_step_does_not_stop_before_a_node_that_was_not_reached_before() -> None:
    async with paused(LINE, **stopping("a")) as root:
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["a"]
    assert hits(root) == []


@in_virtual_time
async def test_a_step_of_another_node_leaves_the_one_before_which_the_flow_stopped() -> None:
    document = flow(work("long", LONG, lasts=5000), work("first", LONG), work("b"), edges=["long.x > first.a"])
    async with running(document, **stopping("b")) as root:
        await until(lambda: hits(root))
        await asyncio.sleep(60)
        root.send(Step())
        await asyncio.sleep(60)
        assert starts(root) == ["long", "first"]
        root.send(Resume())
    assert hits(root) == ["b"]
    assert starts(root) == ["long", "first", "b"]


@in_virtual_time
async def test_a_resume_passes_only_the_breakpoint_that_was_hit() -> None:
    async with running(flow(work("a"), work("b"), work("c")), **stopping("a", "c")) as root:
        await until(lambda: hits(root) == ["a"])
        root.send(Resume())
        await until(lambda: hits(root) == ["a", "c"])
        assert starts(root) == ["a", "b"]
        root.send(Resume())
    assert starts(root) == ["a", "b", "c"]


@in_virtual_time
async def test_a_breakpoint_that_was_passed_is_not_hit_again_when_a_pause_comes_before_its_node() -> None:
    async with running(LINE, **stopping("b")) as root:
        await until(lambda: hits(root))
        for command in (Resume(), Pause(), Resume()):
            root.send(command)
    assert hits(root) == ["b"]
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_breakpoint_stops_before_the_first_attempt_only() -> None:
    retry = {"maxAttempts": 3, "initialDelayMs": 100, "jitter": 0.0}
    async with running(flow(work("a", LONG, fails=2, retry=retry)), **stopping("a")) as root:
        await until(lambda: hits(root))
        root.send(Resume())
    assert hits(root) == ["a"]
    assert starts(root) == ["a"] * 3


@in_virtual_time
async def test_a_node_that_is_repeated_after_a_crash_is_not_stopped_before() -> None:
    async with running(flow(work("a", LONG, lasts=5000))) as root:
        await until(lambda: starts(root) == ["a"])
        root.send(SetBreakpoints(["a"]))
        await until(lambda: "BREAKPOINTS_SET" in root.story)
        root.lose()
    assert hits(root) == []
    assert starts(root) == ["a", "a"]


@in_virtual_time
async def test_a_hit_breakpoint_survives_a_crash_and_is_passed_after_it() -> None:
    async with running(LINE, **stopping("b"), warm_seconds=10**9) as root:
        await until(lambda: "FLOW_DRAINED" in root.story)
        root.lose()
        await asyncio.sleep(60)
        assert starts(root) == ["a"]
        root.send(Resume())
        await until(lambda: "FLOW_RESUMED" in root.story)
        root.lose()
    assert hits(root) == ["b"]
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_breakpoints_are_replaced_as_a_whole() -> None:
    async with running(LINE, **stopping("b")) as root:
        root.send(SetBreakpoints(["c"]))
        await until(lambda: hits(root))
        assert hits(root) == ["c"]
        root.send(SetBreakpoints([]))
        root.send(Resume())
    told = [event.node_ids for event in root.events if isinstance(event, BreakpointsSet)]
    assert told == [["c"], []]


@in_virtual_time
async def test_breakpoints_can_be_set_before_the_start() -> None:
    family = Family(LINE)
    family.root.send(SetBreakpoints(["a"]))
    async with family.under_way():
        await until(lambda: hits(family.root))
        assert family.root.story[:3] == ["BREAKPOINTS_SET", "FLOW_STARTED", "DEBUG_BREAKPOINT_HIT a"]
        family.root.send(Resume())


@in_virtual_time
async def test_a_breakpoint_before_a_group_holds_its_members_up() -> None:
    document = flow(group("g"), work("m", parent="g"), work("other", LONG))
    async with running(document, **stopping("g")) as root:
        await until(lambda: hits(root))
        await asyncio.sleep(60)
        assert starts(root) == []
        root.send(Resume())
    assert starts(root) == ["g", "m", "other"]


@pytest.mark.parametrize("last", [work("b", disabled=True), work("b", "test.effect")])
@in_virtual_time
async def test_a_breakpoint_before_a_node_that_is_skipped_is_never_hit(last: Document) -> None:
    document = flow(work("a", gives=[]), last, edges=["a.x > b.a"])
    async with running(document, **stopping("b")) as root:
        pass
    assert hits(root) == []
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_breakpoint_is_hit_only_when_its_node_could_start() -> None:
    document = flow(work("a", LONG, lasts=5000), work("b", LONG))
    async with running(document, **stopping("b", max_concurrency=1)) as root:
        await asyncio.sleep(1)
        assert hits(root) == []
        await until(lambda: hits(root))
        assert root.at("DEBUG_BREAKPOINT_HIT") == [5000]
        root.send(Resume())


COMMANDS: list[tuple[Command, str]] = [(Pause(), "FLOW_PAUSED"), (Step(), "FLOW_STEPPED"), (Resume(), "FLOW_RESUMED")]


@pytest.mark.parametrize(("command", "told"), COMMANDS)
@in_virtual_time
async def test_a_command_that_meets_a_breakpoint_is_acknowledged(command: Command, told: str) -> None:
    async with running(LINE, **stopping("b")) as root:
        await until(lambda: hits(root))
        root.send(command)
        await until(lambda: told in root.story)
        root.send(Resume())
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_stop_ends_what_a_breakpoint_holds_up() -> None:
    async with running(LINE, **stopping("b")) as root:
        await until(lambda: hits(root))
        root.send(Stop())
    assert root.status is ExecutionStatus.STOPPED


@in_virtual_time
async def test_children_that_run_for_an_event_inherit_the_breakpoints_that_are_set_then() -> None:
    document = flow(emit("e", "go"), listen("l", "go"), work("b"), edges=["l.payload > b.a"])
    family = Family(document, **stopping("e"))
    async with family.under_way():
        await until(lambda: hits(family.root))
        family.root.send(SetBreakpoints(["b"]))
        family.root.send(Resume())
        await until(lambda: family.root.children)
        (child,) = family.root.children
        await until(lambda: hits(child))
        await asyncio.sleep(60)
        assert starts(child) == ["l"]
        assert not family.root.has_ended
        child.send(Resume())
    assert {member.status for member in family.members.values()} == {ExecutionStatus.COMPLETED}


@in_virtual_time
async def test_the_breakpoints_of_a_flow_say_nothing_of_the_flows_that_it_calls() -> None:
    called = flow(work("b", LONG))
    document = flow(node("call", "flow.call", flowId="FL1"), work("b"), edges=["call.outputs > b.a"])
    family = Family(document, flows={"FL1": called}, **stopping("b"))
    async with family.under_way():
        await until(lambda: hits(family.root))
        family.root.send(Resume())
    assert [hits(child) for child in family.root.children] == [[]]
