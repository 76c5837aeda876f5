"""What a fork takes over, case by case."""

from typing import Any

import pytest

from engine.commands import Signal, Stop
from engine.forks import changed_nodes, downstream, take_over
from engine.status import ExecutionStatus, NodeStatus
from engine.values import Value
from tests.engine.commanded import emit, listen, node, running, wait_for
from tests.engine.family import Member
from tests.engine.forked import forked, original_of, taken_over
from tests.engine.running import START, Document, Run, flow, group, output, until, work
from tests.engine.virtual_clock import in_virtual_time

BAD: Any = {"fails": -1, "retryable": False}
LONG = "test.effect"


async def ended(document: Document) -> Run:
    return await Run.of(document).live()


def again(run: Run, document: Document, node_id: str) -> Run:
    return forked(run, document, downstream(run.plan, node_id))


async def stopped(member: Member) -> list[str]:
    """Stop an execution and say what a retry takes over."""
    member.send(Stop())
    await until(lambda: member.has_ended)
    return [event.node_id for event in take_over(original_of(member), frozenset())]


def two_ways(loser: dict[str, Any], **merge: Any) -> Document:
    """Two ways into a merge that goes on with the quick one, and a node that fails later."""
    return flow(
        work("quick", LONG, lasts=10), loser, {"id": "m", "type": "flow.merge", **merge}, work("after", LONG, lasts=10),
        work("bad", LONG, lasts=500, **BAD),
        edges=["quick.x > m.a", "slow.x > m.b", "m.value > after.a", "after.__success > bad.__execute"],
    )  # fmt: skip


@in_virtual_time
async def test_a_merge_whose_winner_is_taken_over_does_not_wait_for_what_was_cancelled() -> None:
    document = two_ways(work("slow", LONG, lasts=9000))
    run = await ended(document)
    assert run.status is ExecutionStatus.FAILED
    assert taken_over(forked(run, document)) == ["quick", "m", "after"]


@in_virtual_time
async def test_a_merge_whose_winner_runs_again_runs_again_with_all_that_hangs_on_it() -> None:
    document = two_ways(work("slow", LONG, lasts=20))
    run = await ended(document)
    assert taken_over(again(run, document, "slow")) == ["quick"]
    assert taken_over(again(run, document, "quick")) == ["slow"]


@in_virtual_time
async def test_of_several_sources_the_one_that_was_first_wins_again() -> None:
    document = flow(
        work("one", LONG, lasts=50), work("two", LONG, lasts=10), work("end", a=1), output("out"),
        edges=["one.x > end.b", "two.x > end.b", "one.__success > end.__after", "end.x > out.value"],
    )  # fmt: skip
    run = await ended(document)
    fork = again(run, document, "end")
    assert taken_over(fork) == ["two", "one"]
    assert (await fork.live()).inputs_of("end") == run.inputs_of("end")


@in_virtual_time
async def test_a_failure_that_was_handled_is_tried_again_with_its_handling() -> None:
    document = flow(
        work("bad", LONG, **BAD), work("instead", LONG), work("other", LONG), work("last", LONG, lasts=90, **BAD),
        edges=["bad.__error > instead.__execute"],
    )  # fmt: skip
    fork = forked(await ended(document), document)
    assert taken_over(fork) == ["other"]
    assert "NODE_COMPLETED instead" in (await fork.live()).story


@in_virtual_time
async def test_what_was_skipped_is_skipped_again_and_what_came_after_it_is_taken_over() -> None:
    document = flow(
        node("if", "flow.branch", condition=True), work("no", LONG), work("after", LONG), work("bad", LONG, **BAD),
        edges=["if.false > no.a", "no.x > after.__after", "after.x > bad.a"],
    )  # fmt: skip
    fork = forked(await ended(document), document)
    assert taken_over(fork) == ["if", "after"]
    assert [line for line in (await fork.live()).story if line.endswith(" no")] == ["NODE_SKIPPED no"]


@in_virtual_time
async def test_groups_run_again_around_members_that_are_taken_over() -> None:
    document = flow(
        work("gate", LONG), group("g"), work("in", LONG, parent="g"), work("then", LONG), work("bad", LONG, **BAD),
        edges=["gate.flag > g.__execute", "g.__success > then.__execute", "then.x > bad.a"],
    )  # fmt: skip
    run = await ended(document)
    fork = await forked(run, document).live()
    assert taken_over(fork) == ["gate", "in", "then"]
    assert [line for line in fork.story if line.endswith(" g")] == ["NODE_STARTED g", "NODE_COMPLETED g"]
    assert taken_over(again(run, document, "g")) == ["gate"]
    assert taken_over(again(run, document, "in")) == ["gate"]
    assert taken_over(again(run, document, "gate")) == []


@in_virtual_time
async def test_a_signal_that_was_taken_keeps_its_payload_and_one_that_was_not_is_sent_again() -> None:
    document = flow(
        wait_for("first", "ok"), wait_for("second", "ok"), output("out"),
        edges=["first.payload > out.value", "first.__success > second.__execute"],
    )  # fmt: skip
    async with running(document) as root:
        root.send(Signal("ok", Value.of(1)))
        await until(lambda: "NODE_WAITING second" in root.story)
        assert await stopped(root) == ["first", "out"]
    retry = forked(root, document)
    retry.send(START)
    retry.send(Signal("ok", Value.of(2)))
    done = await retry.go()
    assert (done.status, done.outputs) == (ExecutionStatus.COMPLETED, {"out": 1})


@in_virtual_time
async def test_an_emitter_runs_again_if_what_ran_for_its_event_did_not_complete() -> None:
    document = flow(
        emit("good", "quick"), listen("q", "quick"), emit("lost", "slow"), listen("s", "slow"),
        work("sleep", LONG, lasts=9000), wait_for("ask", "ok"),
        edges=["s.payload > sleep.a"],
    )  # fmt: skip
    async with running(document) as root:
        await until(lambda: any(event.kind == "CHILD_EXECUTION_COMPLETED" for event in root.events))
        assert await stopped(root) == ["good"]


@in_virtual_time
async def test_what_called_flows_completed_is_taken_over_without_running_them_again() -> None:
    called = flow(node("item", "flow.input", name="item"), output("out"), edges=["item.value > out.value"])
    document = flow(
        node("map", "flow.map", flowId="called", items=[1, 2]), wait_for("ask", "ok"), output("all"),
        edges=["map.results > all.value"],
    )  # fmt: skip
    async with running(document, flows={"called": called}) as root:
        await until(lambda: "NODE_COMPLETED all" in root.story)
        assert await stopped(root) == ["map", "all"]
    assert len(root.children) == 2


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({}, {"a", "b", "c"}),
        ({"a": {"lasts": 5}}, {"c"}),
        ({"b": {"lasts": 5}}, {"a", "c"}),
        ({"edges": ["a.y > b.a"]}, {"a", "c"}),
        ({"b": {"type_": "test.pure"}}, {"a", "c"}),
    ],
)
@in_virtual_time
async def test_on_another_version_a_node_is_taken_over_if_it_and_all_before_it_are_the_same(
    change: dict[str, Any], left: set[str]
) -> None:
    def version(a: Any = None, b: Any = None, edges: Any = ("a.x > b.a",)) -> Document:
        b = dict(b or {})
        return flow(work("a", LONG, **(a or {})), work("b", b.pop("type_", LONG), **b), work("c", LONG), edges=edges)

    run = await ended(version())
    other = version(**change)
    new = Run.of(other)
    fork = forked(run, other, changed_nodes(run.fresh_state(), new.plan, frozenset()))
    assert set(taken_over(fork)) == left
    assert (await fork.live()).status is ExecutionStatus.COMPLETED
    assert changed_nodes(run.fresh_state(), new.plan, frozenset({LONG})) == {"a", "b", "c"}


@in_virtual_time
async def test_a_fork_that_was_stopped_before_its_start_still_shows_what_it_took_over() -> None:
    document = flow(work("a", LONG), work("b", LONG, **BAD), edges=["a.x > b.a"])
    fork = forked(await ended(document), document)
    fork.send(Stop())
    done = await fork.go()
    assert done.statuses == {"a": NodeStatus.COMPLETED, "b": NodeStatus.IDLE}
    assert taken_over(forked(done, document)) == ["a"]
