"""Nodes with effects begin only while the worker's lease is certain, however late they get to it."""

import asyncio

import pytest

from engine.commands import Stop
from engine.status import ErrorCode, ExecutionStatus
from tests.engine.running import Run, flow, run, under_way, work
from tests.engine.virtual_clock import in_virtual_time
from tidegate.testing.memory import MemoryLedger


class Leased(MemoryLedger):
    """Its lease is uncertain between these seconds, and whenever somebody says so."""

    def __init__(self, since: float = 0, until: float = 0) -> None:
        super().__init__()
        self.since, self.until = since, until
        self.asked = 0
        self.lost_after_asked = 10**9

    def may_start_effects(self) -> bool:
        self.asked += 1
        now = asyncio.get_running_loop().time()
        return self.asked <= self.lost_after_asked and not self.since <= now < self.until


async def frozen_before_the_first_step(node_type: str) -> Run:
    """The lease is certain when the node's task is made, and not any more when it gets to run; until 30 s later."""
    ledger = Leased()
    ledger.lost_after_asked = 1
    begun = Run.of(flow(work("a", node_type, lasts=10, timeoutMs=1000)), ledger=ledger)
    asyncio.get_running_loop().call_later(30, setattr, ledger, "lost_after_asked", 10**9)
    return await begun.go()


@in_virtual_time
async def test_a_node_that_comes_late_to_begin_waits_until_the_lease_is_certain_again() -> None:
    begun = await frozen_before_the_first_step("test.effect")
    assert begun.status is ExecutionStatus.COMPLETED
    assert begun.recorder.began == [("a", 1)]
    (ended,) = begun.at("NODE_COMPLETED", "a")
    assert ended == pytest.approx(30_010, abs=100)
    assert begun.of_node("a")[-1].execution_time == pytest.approx(10), "the wait counts as the node's time"


@in_virtual_time
async def test_a_node_that_is_safe_need_not_wait_for_the_lease() -> None:
    begun = await frozen_before_the_first_step("test.safe")
    assert begun.at("NODE_COMPLETED", "a") == [10]


@in_virtual_time
async def test_no_effect_begins_while_the_lease_is_uncertain() -> None:
    ledger = Leased(since=0.005, until=20)
    document = flow(work("a", "test.safe", lasts=10), work("b", "test.effect", lasts=10), edges=["a.x > b.a"])
    done = await run(document, ledger=ledger)
    assert done.at("NODE_STARTED", "b") == [10]
    assert done.at("NODE_COMPLETED", "b")[0] >= 20_010


@in_virtual_time
async def test_a_node_that_waits_for_the_lease_is_cancelled_by_a_stop_and_never_begins() -> None:
    ledger = Leased()
    ledger.lost_after_asked = 1
    stopped = Run.of(flow(work("a", "test.effect", lasts=10)), ledger=ledger)
    async with under_way(stopped) as runner:
        await asyncio.sleep(1)
        stopped.send(Stop())
        runner.mail()
    assert stopped.status is ExecutionStatus.STOPPED
    assert stopped.state.nodes[0].error
    assert stopped.state.nodes[0].error.code is ErrorCode.CANCELLED
    await asyncio.sleep(60)
    assert stopped.recorder.began == []
