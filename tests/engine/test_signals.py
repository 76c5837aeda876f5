"""A signal wakes the oldest wait that it fits, is kept for one to come, or is refused with a reason."""

import asyncio
from typing import Any

import pytest

from engine.commands import Pause, Resume, Signal, Stop
from engine.events import NodeFailed, NodeRetrying, NodeStarted, NodeWaiting, SignalReceived
from engine.signals import KEPT_BYTES, KEPT_SIGNALS
from engine.status import ErrorCode, ExecutionStatus
from engine.values import Value
from tests.engine.commanded import emit, listen, running, wait_for
from tests.engine.family import Family, Member
from tests.engine.running import flow, output, until, work
from tests.engine.virtual_clock import in_virtual_time

LONG = "test.effect"
NUMBER, TEXT = {"type": "number"}, {"type": "string"}


def signal(payload: Any = None, name: str = "go") -> Signal:
    return Signal(name, Value.of(payload))


def received(member: Member) -> list[SignalReceived]:
    return [event for event in member.events if isinstance(event, SignalReceived)]


def payloads(member: Member) -> dict[str, Any]:
    """What each node that waited was given."""
    nodes = member.replayed().nodes
    return {
        node.id: nodes[node.number].outputs["payload"].data
        for node in member.plan.nodes
        if "payload" in nodes[node.number].outputs
    }


def waits(member: Member) -> list[str]:
    return [event.node_id for event in member.events if isinstance(event, NodeWaiting)]


@in_virtual_time
async def test_a_signal_ends_the_wait_and_its_payload_is_what_the_node_gives() -> None:
    document = flow(wait_for("w", "go"), output("o"), edges=["w.payload > o.value"])
    async with running(document) as root:
        await asyncio.sleep(60)
        assert root.active is None, "a wait holds no worker"
        assert root.of_node("w", NodeWaiting)[0].signal_name == "go"
        root.send(signal({"by": "Ada"}))
    assert root.outputs == {"o": {"by": "Ada"}}
    assert [event.accepted for event in received(root)] == [True]


@in_virtual_time
async def test_a_signal_of_another_name_ends_no_wait() -> None:
    async with running(flow(wait_for("w", "go"), wait_for("v", "other"))) as root:
        await asyncio.sleep(60)
        root.send(signal(1, "other"))
        await asyncio.sleep(60)
        assert payloads(root) == {"v": 1}
        root.send(signal(2))
    assert payloads(root) == {"v": 1, "w": 2}


@in_virtual_time
async def test_each_signal_wakes_one_wait_the_oldest_first() -> None:
    document = flow(
        wait_for("young", "go"), work("a", LONG, lasts=1000), wait_for("old", "go"), edges=["a.x > young.__after"]
    )
    async with running(document) as root:
        await until(lambda: waits(root) == ["old", "young"])
        root.send(signal(1))
        await asyncio.sleep(60)
        assert payloads(root) == {"old": 1}
        root.send(signal(2))
    assert payloads(root) == {"old": 1, "young": 2}


@in_virtual_time
async def test_a_wait_that_began_again_after_its_time_limit_is_no_longer_the_oldest() -> None:
    retry = {"maxAttempts": 2, "initialDelayMs": 10_000, "jitter": 0.0}
    document = flow(
        wait_for("late", "go", timeoutMs=1000, retry=retry),
        work("a", LONG, lasts=5000),
        wait_for("early", "go"),
        edges=["a.x > early.__after"],
    )
    async with running(document) as root:
        await until(lambda: waits(root) == ["late", "early", "late"])
        root.send(signal(1))
        await until(lambda: payloads(root))
        assert payloads(root) == {"early": 1}
        root.send(signal(2))
    assert payloads(root) == {"late": 2, "early": 1}


@in_virtual_time
async def test_signals_that_come_together_wake_a_wait_each() -> None:
    async with running(flow(wait_for("v", "go"), wait_for("w", "go"))) as root:
        await asyncio.sleep(60)
        root.send(signal(1))
        root.send(signal(2))
    assert payloads(root) == {"v": 1, "w": 2}


@in_virtual_time
async def test_a_signal_goes_to_the_oldest_wait_that_it_fits() -> None:
    async with running(flow(wait_for("v", "go", schema=NUMBER), wait_for("w", "go", schema=TEXT))) as root:
        await asyncio.sleep(60)
        root.send(signal("text"))
        await asyncio.sleep(60)
        assert payloads(root) == {"w": "text"}
        root.send(signal(7))
    assert payloads(root) == {"v": 7, "w": "text"}


@in_virtual_time
async def test_a_payload_that_fits_no_wait_is_refused_and_the_waits_go_on() -> None:
    document = flow(
        wait_for("w", "go", schema=NUMBER), wait_for("later", "go", schema=TEXT), edges=["w.payload > later.__after"]
    )
    async with running(document) as root:
        await asyncio.sleep(60)
        root.send(signal("text"))
        await asyncio.sleep(60)
        (refused,) = received(root)
        assert not refused.accepted
        assert refused.reason
        assert payloads(root) == {}
        root.send(signal(7))
        await asyncio.sleep(60)
        assert waits(root) == ["w", "later"], "what was refused is not kept"
        root.send(signal("again"))
    assert payloads(root) == {"w": 7, "later": "again"}


# --- early ------------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_signal_before_its_wait_is_kept_and_taken_when_the_wait_begins() -> None:
    document = flow(work("a", LONG, lasts=5000), wait_for("w", "go"), edges=["a.x > w.__after"])
    async with running(document) as root:
        root.send(signal(1))
        await until(lambda: received(root))
        assert received(root)[0].accepted
    assert payloads(root) == {"w": 1}
    assert root.at("FLOW_COMPLETED") == [5000]


@in_virtual_time
async def test_a_signal_before_the_start_is_kept() -> None:
    family = Family(flow(wait_for("w", "go")))
    family.root.send(signal(1))
    await family.live()
    assert family.root.story[:2] == ["SIGNAL_RECEIVED", "FLOW_STARTED"]
    assert payloads(family.root) == {"w": 1}


@in_virtual_time
async def test_kept_signals_are_taken_in_the_order_in_which_they_came() -> None:
    document = flow(
        work("a", LONG, lasts=5000),
        wait_for("v", "go"),
        wait_for("w", "go"),
        edges=["a.x > v.__after", "v.payload > w.__after"],
    )
    async with running(document) as root:
        for payload in (1, 2):
            root.send(signal(payload))
    assert payloads(root) == {"v": 1, "w": 2}


@in_virtual_time
async def test_a_wait_takes_the_oldest_kept_signal_that_fits_it() -> None:
    document = flow(
        work("a", LONG, lasts=5000),
        wait_for("v", "go", schema=NUMBER),
        wait_for("w", "go", schema=TEXT),
        edges=["a.x > v.__after", "v.payload > w.__after"],
    )
    async with running(document) as root:
        for payload in ("first", "second", 1, 2):
            root.send(signal(payload))
    assert payloads(root) == {"v": 1, "w": "first"}


@pytest.mark.parametrize("payload", [None, 1, 1.0, True, {"b": 1, "a": [None]}])
@in_virtual_time
async def test_a_kept_signal_survives_a_crash_whatever_it_carries(payload: Any) -> None:
    document = flow(work("a", LONG, lasts=5000), wait_for("w", "go"), edges=["a.x > w.__after"])
    async with running(document) as root:
        root.send(signal(payload))
        await until(lambda: received(root))
        root.lose()
    assert payloads(root) == {"w": payload}
    assert type(payloads(root)["w"]) is type(payload)


@in_virtual_time
async def test_an_early_signal_that_fits_no_node_to_come_is_refused() -> None:
    document = flow(work("a", LONG, lasts=5000), wait_for("w", "go", schema=NUMBER), edges=["a.x > w.__after"])
    async with running(document) as root:
        root.send(signal("text"))
        await until(lambda: received(root))
        assert fields_of(received(root)[0]) == (False, True)
        root.send(signal(1))
    assert payloads(root) == {"w": 1}


def fields_of(told: SignalReceived) -> tuple[bool, bool]:
    """Whether it was accepted, and whether a reason was given."""
    return told.accepted, bool(told.reason)


@in_virtual_time
async def test_a_signal_that_nobody_will_wait_for_any_more_is_refused() -> None:
    async with running(flow(wait_for("w", "go"), work("a", LONG, lasts=90_000))) as root:
        await until(lambda: waits(root))
        root.send(signal(1))
        root.send(signal(2))
    assert [fields_of(told) for told in received(root)] == [(True, False), (False, True)]


@in_virtual_time
async def test_a_signal_for_a_skipped_wait_is_refused() -> None:
    document = flow(
        work("a", gives=[]), wait_for("w", "go"), work("b", LONG, lasts=90_000), edges=["a.x > w.__execute"]
    )
    async with running(document) as root:
        await until(lambda: "NODE_SKIPPED w" in root.story)
        root.send(signal(1))
    assert [fields_of(told) for told in received(root)] == [(False, True)]


@in_virtual_time
async def test_a_kept_signal_that_is_never_taken_does_not_hold_the_flow_up() -> None:
    document = flow(work("a", LONG, lasts=5000, gives=[]), wait_for("w", "go"), edges=["a.x > w.__execute"])
    async with running(document) as root:
        root.send(signal(1))
    assert [event.accepted for event in received(root)] == [True]
    assert root.status is ExecutionStatus.COMPLETED


@pytest.mark.parametrize(("payload", "room"), [(None, KEPT_SIGNALS), ("x" * (KEPT_BYTES // 4), 4)])
@in_virtual_time
async def test_only_so_many_signals_are_kept_for_waits_to_come(payload: Any, room: int) -> None:
    document = flow(work("a", LONG, lasts=5000), wait_for("w", "go"), edges=["a.x > w.__after"])
    async with running(document) as root:
        for _ in range(room + 1):
            root.send(signal(payload))
    *kept, refused = received(root)
    assert (len(kept), {event.accepted for event in kept}) == (room, {True})
    assert not refused.accepted
    assert refused.reason == "The execution keeps 1000 signals, or 8388608 bytes of them, for waits to come already."
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_wait_outside_of_the_run_is_none_to_come() -> None:
    document = flow(
        wait_for("w", "go"), emit("e", "ev"), listen("l", "ev"), work("b", LONG, lasts=5000), edges=["l.payload > b.a"]
    )
    family = Family(document)
    async with family.under_way():
        await until(lambda: family.root.children)
        (child,) = family.root.children
        child.send(signal(1))
        family.root.send(signal(2))
    assert [fields_of(told) for told in received(child)] == [(False, True)]
    assert payloads(family.root) == {"w": 2}


# --- deadlines, pauses, ends ------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_wait_whose_signal_does_not_come_in_time_fails_with_timeout() -> None:
    async with running(flow(wait_for("w", "go", timeoutMs=70_000))) as root:
        pass
    assert root.of_node("w", NodeFailed)[0].error.code is ErrorCode.TIMEOUT
    assert root.at("FLOW_FAILED") == [70_000]


@in_virtual_time
async def test_a_missed_signal_goes_through_the_retry_policy_of_the_node() -> None:
    retry = {"maxAttempts": 2, "initialDelayMs": 1000, "jitter": 0.0, "on": ["TIMEOUT"]}
    async with running(flow(wait_for("w", "go", timeoutMs=5000, retry=retry))) as root:
        await until(lambda: root.of_node("w", NodeRetrying))
        assert root.of_node("w", NodeRetrying)[0].error.code is ErrorCode.TIMEOUT
    assert root.at("NODE_STARTED", "w") == [0, 6000]
    assert root.at("NODE_FAILED", "w") == [11_000]


@in_virtual_time
async def test_a_signal_between_two_attempts_is_kept_for_the_second() -> None:
    retry = {"maxAttempts": 2, "initialDelayMs": 10_000, "jitter": 0.0}
    async with running(flow(wait_for("w", "go", timeoutMs=5000, retry=retry))) as root:
        await until(lambda: root.of_node("w", NodeRetrying))
        root.send(signal(1))
    assert payloads(root) == {"w": 1}
    assert root.at("NODE_COMPLETED", "w") == [15_000]


@in_virtual_time
async def test_a_deadline_that_passes_in_a_pause_is_recorded_there() -> None:
    document = flow(wait_for("w", "go", timeoutMs=5000), work("b"), edges=["w.__error > b.__execute"])
    async with running(document) as root:
        await until(lambda: waits(root))
        root.send(Pause())
        await asyncio.sleep(60)
        assert root.at("NODE_FAILED", "w") == [5000]
        assert not root.of_node("b", NodeStarted)
        root.send(Resume())
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_signal_in_a_pause_is_recorded_and_starts_nothing() -> None:
    document = flow(wait_for("w", "go"), work("b"), edges=["w.payload > b.a"])
    async with running(document) as root:
        await until(lambda: waits(root))
        root.send(Pause())
        root.send(signal(1))
        await asyncio.sleep(60)
        assert "NODE_COMPLETED w" in root.story
        assert not root.of_node("b", NodeStarted)
        root.send(Resume())
    assert root.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_stop_ends_a_wait_for_a_signal() -> None:
    async with running(flow(wait_for("w", "go"))) as root:
        await until(lambda: waits(root))
        root.send(Stop())
    assert root.story[-2:] == ["NODE_FAILED w", "FLOW_CANCELLED"]
