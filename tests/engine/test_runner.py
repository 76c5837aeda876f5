"""The run of one execution: stops, releases, the mailbox, the ledger's answers."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import pytest

from engine.commands import Pause, Recover, Resume, Start, Stop
from engine.errors import ClaimLost
from engine.events import ExecutionRecovered, FlowCancelled, NodeFailed
from engine.ledger import Append, Letter, Verdict
from engine.runner import Ending
from engine.status import ErrorCode, ExecutionStatus, NodeStatus
from engine.writer import BACKLOG_ENTRIES
from tests.engine.hostile import HOSTILE, hostile
from tests.engine.log_rules import check_frame, check_log
from tests.engine.running import START, Run, flow, output, run, under_way, until, work
from tests.engine.virtual_clock import in_virtual_time
from tidegate.testing.memory import MemoryLedger, MemorySlot

SLOW = work("slow", "test.effect", lasts=60_000)


class Doorstep(MemoryLedger):
    """Has something happen right before the first append that ends or releases the execution."""

    def __init__(self, happens: Callable[["Doorstep"], None]) -> None:
        super().__init__()
        self.happens: Callable[[Doorstep], None] | None = happens
        self.answers: list[Verdict] = []

    async def append(self, append: Append) -> Verdict:
        if append.release and self.happens:
            self.happens(self)
            self.happens = None
        self.answers.append(await super().append(append))
        return self.answers[-1]

    def put(self, *commands: Start | Stop) -> None:
        for command in commands:
            self.mailbox.append(Letter(len(self.mailbox) + 1, command))


# --- stop -------------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_stop_cancels_what_runs_and_waits_and_gives_its_reason() -> None:
    document = flow(SLOW, work("waiting", waits=10**6), work("next"), edges=["slow.x > next.a"])
    stopped = Run.of(document)
    async with under_way(stopped) as runner:
        await asyncio.sleep(5)
        stopped.send(Stop("enough"))
        runner.mail()
    check_log(stopped, document)
    assert stopped.story[-3:] == ["NODE_FAILED slow", "NODE_FAILED waiting", "FLOW_CANCELLED"]
    assert {event.error.code for node in ("slow", "waiting") for event in stopped.of_node(node, NodeFailed)} == {
        ErrorCode.CANCELLED
    }
    (end,) = [event for event in stopped.events if isinstance(event, FlowCancelled)]
    assert (end.reason, end.execution_time) == ("enough", 5000)
    assert stopped.status is ExecutionStatus.STOPPED
    assert stopped.statuses["next"] is NodeStatus.IDLE
    assert stopped.recorder.running == 0
    assert stopped.state.failed_node_count == 0


@in_virtual_time
async def test_a_stop_before_the_start_ends_an_execution_that_never_ran() -> None:
    stopped = Run.of(flow(SLOW))
    stopped.send(Stop("never mind"))
    await stopped.go()
    assert stopped.story == ["FLOW_CANCELLED"]
    assert stopped.events[0].execution_time == 0


@in_virtual_time
async def test_a_start_and_a_stop_that_come_together_are_both_applied_in_order() -> None:
    stopped = Run.of(flow(SLOW))
    stopped.send(START)
    stopped.send(Stop())
    await stopped.go()
    assert stopped.story[0] == "FLOW_STARTED"
    assert stopped.story[-1] == "FLOW_CANCELLED"
    assert stopped.recorder.began == []
    assert stopped.ledger.applied == 2


@in_virtual_time
async def test_of_two_stops_the_first_one_counts_and_both_are_acknowledged() -> None:
    stopped = Run.of(flow(SLOW))
    for command in (START, Stop("first"), Stop("second"), START):
        stopped.send(command)
    await stopped.go()
    assert [event.reason for event in stopped.events if isinstance(event, FlowCancelled)] == ["first"]
    assert stopped.ledger.applied == 4


@in_virtual_time
async def test_nodes_that_do_not_let_themselves_be_cancelled_hold_up_a_stop_for_a_second_at_most() -> None:
    nodes = [hostile(f"n{number}", "stubborn") for number in range(3)]
    stopped = Run.of(flow(*nodes), HOSTILE)
    async with under_way(stopped) as runner:
        await asyncio.sleep(5)
        stopped.send(Stop())
        runner.mail()
    assert asyncio.get_running_loop().time() <= 6.1
    assert stopped.at("FLOW_CANCELLED")[0] <= 6100
    check_frame(stopped.ledger.entries)


@pytest.mark.parametrize("how", ["outputs", "a value error", "keyboard interrupt", "a base exception"])
@in_virtual_time
async def test_what_a_node_answers_to_a_stop_is_dropped(how: str) -> None:
    document = flow(hostile("a", "retorting", how))
    stopped = Run.of(document, HOSTILE)
    async with under_way(stopped) as runner:
        await asyncio.sleep(5)
        stopped.send(Stop())
        runner.mail()
    check_log(stopped, document)
    assert stopped.of_node("a")[-1].error.code is ErrorCode.CANCELLED


# --- a command on the doorstep ----------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_stop_that_comes_in_while_the_completion_is_written_goes_first() -> None:
    ledger = Doorstep(lambda door: door.put(Stop("just in time")))
    document = flow(work("a", "test.effect", lasts=10), output("o"), edges=["a.x > o.value"])
    stopped = await run(document, ledger=ledger)
    check_log(stopped, document)
    assert ledger.answers.count(Verdict.INTERRUPTED) == 1
    assert stopped.status is ExecutionStatus.STOPPED
    assert stopped.statuses == {"a": NodeStatus.COMPLETED, "o": NodeStatus.COMPLETED}
    assert ledger.applied == 2


@in_virtual_time
async def test_a_command_without_effect_on_the_doorstep_is_acknowledged_and_the_end_follows() -> None:
    ledger = Doorstep(lambda door: door.put(Start("late"), Start("later")))
    document = flow(work("a", "test.effect", lasts=10))
    done = await run(document, ledger=ledger)
    check_log(done, document)
    assert done.status is ExecutionStatus.COMPLETED
    assert ledger.applied == 3
    assert done.story.count("FLOW_STARTED") == 1


@in_virtual_time
async def test_a_failed_flow_still_fails_after_a_command_on_the_doorstep() -> None:
    ledger = Doorstep(lambda door: door.put(Start("late")))
    document = flow(work("bad", "test.safe", lasts=10, fails=-1), SLOW)
    done = await run(document, ledger=ledger)
    check_log(done, document)
    assert done.status is ExecutionStatus.FAILED
    assert done.story.count("NODE_FAILED slow") == 1


@in_virtual_time
async def test_a_stop_on_the_doorstep_of_a_stop_is_acknowledged_too() -> None:
    ledger = Doorstep(lambda door: door.put(Stop("second")))
    stopped = Run.of(flow(SLOW), ledger=ledger)
    stopped.send(START)
    stopped.send(Stop("first"))
    await stopped.go()
    assert [event.reason for event in stopped.events if isinstance(event, FlowCancelled)] == ["first"]
    assert ledger.applied == 3


@in_virtual_time
async def test_a_stop_on_the_doorstep_of_a_release_goes_first() -> None:
    ledger = Doorstep(lambda door: door.put(Stop()))
    document = flow(work("a", waits=10**6))
    stopped = await run(document, ledger=ledger)
    check_log(stopped, document)
    assert stopped.status is ExecutionStatus.STOPPED
    assert stopped.at("FLOW_CANCELLED") == [2000]


@in_virtual_time
async def test_mail_that_is_announced_often_is_applied_once() -> None:
    class Sluggish(MemoryLedger):
        async def append(self, append: Append) -> Verdict:
            await asyncio.sleep(10)
            return await super().append(append)

    sluggish = Run.of(flow(work("a", "test.safe", lasts=1000)), ledger=Sluggish())
    for command in (START, Pause(), Resume()):
        sluggish.send(command)
    async with under_way(sluggish) as runner:
        for _ in range(50):
            await asyncio.sleep(0.1)
            runner.mail()
    assert [sluggish.story.count(said) for said in ("FLOW_STARTED", "FLOW_PAUSED", "FLOW_RESUMED")] == [1, 1, 1]
    check_frame(sluggish.ledger.entries)


@in_virtual_time
async def test_letters_that_are_known_already_are_not_read_again() -> None:
    class Unread(MemoryLedger):
        async def letters(self) -> Sequence[Letter]:
            raise AssertionError("read in vain")

    known = Run.of(flow(work("a")), ledger=Unread())
    assert await known.runner().run(letters=[Letter(1, START)]) is Ending.ENDED
    assert known.ledger.applied == 1


# --- release ----------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_an_execution_that_only_waits_gives_its_place_back_at_once_and_is_let_go_after_a_while() -> None:
    waiting = Run.of(flow(work("a", waits=60_000), work("b", "test.effect", lasts=100)))
    async with under_way(waiting, warm_seconds=5):
        await asyncio.sleep(0.05)
        assert waiting.slot.taken
        await asyncio.sleep(0.1)
        assert not waiting.slot.taken
    assert waiting.ending is Ending.RELEASED
    assert asyncio.get_running_loop().time() == pytest.approx(5.1)
    released = waiting.ledger.released
    assert released
    assert (released.wake_at, released.requeue, list(released.entries)) == (waiting.ledger.now() + 54_900, False, [])


@in_virtual_time
async def test_it_goes_on_where_it_was_when_the_time_has_come() -> None:
    document = flow(work("a", waits=60_000), output("o"), edges=["a.x > o.value"])
    done = await run(document)
    check_log(done, document)
    assert done.at("FLOW_COMPLETED") == [60_000]
    assert not any(isinstance(event, ExecutionRecovered) for event in done.events)


@in_virtual_time
async def test_a_short_wait_is_sat_out_without_a_release() -> None:
    done = Run.of(flow(work("a", waits=1500)))
    await done.go(warm_seconds=2)
    assert done.ending is Ending.ENDED


@in_virtual_time
async def test_mail_during_the_warm_wait_is_answered_at_once() -> None:
    waiting = Run.of(flow(work("a", waits=60_000)))
    async with under_way(waiting, warm_seconds=5) as runner:
        await asyncio.sleep(3)
        waiting.send(Stop())
        runner.mail()
    assert waiting.at("FLOW_CANCELLED") == [3000]


@in_virtual_time
async def test_a_command_whose_announcement_was_lost_is_found_at_the_release() -> None:
    waiting = Run.of(flow(work("a", waits=60_000)))
    async with under_way(waiting, warm_seconds=5):
        await asyncio.sleep(3)
        waiting.send(Stop())
    assert waiting.at("FLOW_CANCELLED") == [5000]


@in_virtual_time
async def test_an_execution_that_finds_no_place_after_a_wait_is_put_back_into_the_queue() -> None:
    class Crowded(MemorySlot):
        def take(self) -> bool:
            return False

    crowded = Run.of(flow(work("a", waits=1500), work("b"), edges=["a.x > b.a"]), slot=Crowded())
    await crowded.go(warm_seconds=2)
    assert crowded.ending is Ending.RELEASED
    assert crowded.ledger.released
    assert crowded.ledger.released.requeue


@in_virtual_time
async def test_a_worker_that_goes_away_puts_its_execution_back_with_what_ran_to_be_repeated() -> None:
    document = flow(work("a", "test.effect", lasts=10), work("b", "test.effect", lasts=5000), edges=["a.x > b.a"])
    leaving = Run.of(document)
    async with under_way(leaving) as runner:
        await asyncio.sleep(1)
        runner.release()
    assert leaving.ending is Ending.RELEASED
    assert asyncio.get_running_loop().time() == pytest.approx(1)
    assert leaving.ledger.released
    assert leaving.ledger.released.requeue
    assert leaving.story[-1] == "NODE_STARTED b"
    assert leaving.recorder.running == 0
    leaving.state = leaving.replayed()
    await leaving.live(Recover("worker-2", None, 0))
    check_log(leaving, document)
    assert leaving.recorder.began == [("a", 1), ("b", 1), ("b", 2)]
    assert leaving.state.failure_count == 0


@in_virtual_time
async def test_a_release_that_is_asked_for_at_once_writes_what_has_been_decided() -> None:
    leaving = Run.of(flow(work("a")))
    leaving.send(START)
    runner = leaving.runner()
    runner.release()
    leaving.ending = await runner.run()
    check_log(await leaving.live() if leaving.ending is Ending.RELEASED else leaving, flow(work("a")))


# --- the ledger -------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_lost_claim_ends_the_run_and_what_it_was_doing() -> None:
    class Lost(MemoryLedger):
        async def append(self, append: Append) -> Verdict:
            if self.appends:
                raise ClaimLost
            return await super().append(append)

    lost = Run.of(flow(SLOW, work("a", "test.safe", lasts=10)), ledger=Lost())
    with pytest.raises(ClaimLost):
        await lost.go()
    assert asyncio.get_running_loop().time() < 1
    assert lost.recorder.running == 0


@in_virtual_time
async def test_a_run_that_is_cancelled_leaves_nothing_running() -> None:
    cut = Run.of(flow(SLOW))
    task = asyncio.create_task(cut.go())
    await until(lambda: cut.recorder.running)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert cut.recorder.running == 0
    assert len(asyncio.all_tasks()) == 1


@in_virtual_time
async def test_the_start_is_acknowledged_in_the_append_that_has_its_event() -> None:
    class Telling(MemoryLedger):
        told: list[tuple[int, list[str]]]

        async def append(self, append: Append) -> Verdict:
            self.told.append((append.consumed, [entry.event.kind for entry in append.entries][:1]))
            return await super().append(append)

    ledger = Telling()
    ledger.told = []
    await run(flow(SLOW), ledger=ledger)
    assert ledger.told[0] == (1, ["FLOW_STARTED"])


@in_virtual_time
async def test_pure_nodes_run_ahead_of_a_slow_log_only_so_far() -> None:
    class Held(MemoryLedger):
        def __init__(self) -> None:
            super().__init__()
            self.gate = asyncio.Event()

        async def append(self, append: Append) -> Verdict:
            await self.gate.wait()
            return await super().append(append)

    ledger = Held()
    count = 3 * BACKLOG_ENTRIES
    edges = [f"n{number}.x > n{number + 1}.a" for number in range(count - 1)]
    chain = Run.of(flow(*(work(f"n{number}") for number in range(count)), edges=edges), ledger=ledger)
    async with under_way(chain):
        await asyncio.sleep(60)
        assert BACKLOG_ENTRIES <= chain.state.last_index <= 2 * BACKLOG_ENTRIES + 10
        ledger.gate.set()
    assert chain.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_an_execution_that_has_ended_is_left_alone() -> None:
    done = await run(flow(work("a")))
    again = Run(done.plan, done.options, ledger=done.ledger)
    again.state = again.replayed()
    before = list(done.ledger.entries)
    await again.go()
    assert done.ledger.entries == before
