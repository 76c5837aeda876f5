"""Streams and early outputs where attempts fail, workers are lost, and clients pause, step and stop."""

import asyncio
from typing import Any

import pytest

from engine import forks
from engine.commands import Pause, Resume, SetBreakpoints, Step, Stop
from engine.events import NodeCompleted, NodeFailed, NodeOutputChunk, NodeStarted
from engine.forks import changed_nodes
from engine.options import ExecutionOptions
from engine.reach import Reach
from engine.reasons import reasons
from engine.status import ErrorCode, ExecutionStatus, NodeStatus, RecordEvents
from tests.engine.crashes import MarkedLedger, recovered
from tests.engine.forked import forked, taken_over
from tests.engine.running import START, Document, Run, flow, group, output, under_way, until, work
from tests.engine.streaming import STREAMING, reader, writer
from tests.engine.test_recovery import prefix
from tests.engine.test_streams import SOON, given, run, written
from tests.engine.virtual_clock import in_virtual_time, run_virtual

SLOW = [{"chunk": 1}, 100, {"chunk": 2}, 100, {"chunk": 3}, 100]


def piped(*steps: Any, kind: str = "test.reader", **settings: Any) -> Document:
    nodes = [writer("w", *steps, **settings), reader("r", kind), output("o")]
    return flow(*nodes, edges=["w.stream > r.stream", "r.pieces > o.value"])


def of(document: Document, **settings: Any) -> Run:
    return Run.of(document, STREAMING, **settings)


@pytest.mark.parametrize("kind", ["test.reader", "test.safe_reader"])
@pytest.mark.parametrize("seconds", [0, 0.03])
def test_a_stream_is_whole_wherever_its_worker_was_lost(kind: str, seconds: float) -> None:
    whole = run_virtual(of(piped(*SLOW, kind=kind), ledger=MarkedLedger(seconds=seconds)).live())
    assert whole.outputs == {"o": [1, 2, 3]}
    marks = whole.ledger.marks[:-1]  # type: ignore[attr-defined]
    for mark in marks:
        after = run_virtual(recovered(whole, mark, seconds=seconds))
        assert (after.status, after.outputs) == (whole.status, whole.outputs)
        assert after.ledger.entries[: len(mark.entries)] == list(mark.entries)
    assert any("NODE_OUTPUT_CHUNK" in str([entry.event.kind for entry in mark.entries[-1:]]) for mark in marks)


@in_virtual_time
async def test_a_reader_that_was_lost_after_the_stream_had_ended_reads_it_from_the_log() -> None:
    nodes = [writer("w", {"many": [1, 2, 3]}), reader("r", lasts=5000)]
    whole = await run(flow(*nodes, edges=["w.stream > r.stream"]))
    after = await recovered(whole, prefix(whole, NodeCompleted, "w"))
    assert given(after, "r")["pieces"] == [1, 2, 3]
    assert after.recorder.began == [("r", 2)]


@in_virtual_time
async def test_a_lost_writer_fails_when_a_reader_has_ended_with_what_it_wrote() -> None:
    document = flow(
        *(writer("w", {"chunk": 1}, 1000, {"chunk": 2}), reader("r", most=1), reader("rest")),
        edges=["w.stream > r.stream", "w.stream > rest.stream"],
    )
    whole = await run(document)
    after = await recovered(whole, prefix(whole, NodeCompleted, "r"))
    (failed,) = after.of_node("w", NodeFailed)
    assert failed.error.code is ErrorCode.CRASH
    assert failed.error.message == (
        "The worker was lost while the node ran. "
        "It is not attempted again, because 'r' has ended with what it had given by then."
    )
    assert after.status is ExecutionStatus.FAILED


@in_virtual_time
async def test_what_has_effects_reads_only_pieces_that_are_committed() -> None:
    class HeldLedger(MarkedLedger):
        gate = asyncio.Event()

        async def append(self, append: Any) -> Any:
            if any(isinstance(entry.event, NodeOutputChunk) and entry.event.sequence for entry in append.entries):
                await self.gate.wait()
            return await super().append(append)

    read: list[tuple[str, Any]] = []
    document = flow(
        *(writer("w", {"chunk": 1}, 100, {"chunk": 2}, 100), reader("r"), reader("s", "test.safe_reader")),
        edges=["w.stream > r.stream", "w.stream > s.stream"],
    )
    held = of(document, ledger=HeldLedger())
    held.recorder.on_read = lambda context, piece: read.append((context.node_id, piece))
    async with under_way(held):
        await asyncio.sleep(60)
        assert sorted(read) == [("r", 1), ("s", 1), ("s", 2)]
        held.ledger.gate.set()  # type: ignore[attr-defined]
    assert sorted(read) == [("r", 1), ("r", 2), ("s", 1), ("s", 2)]


@in_virtual_time
async def test_a_paused_flow_starts_no_reader_and_lets_the_writer_go_on() -> None:
    paused = of(piped(100, {"chunk": 1}, 100, {"chunk": 2}))
    async with under_way(paused) as runner:
        await asyncio.sleep(0.05)
        paused.send(Pause())
        runner.mail()
        await until(lambda: "NODE_COMPLETED w" in paused.story)
        assert written(paused, "w") == [1, 2]
        await asyncio.sleep(1)
        assert "NODE_STARTED r" not in paused.story
        paused.send(Resume())
        runner.mail()
    assert paused.outputs == {"o": [1, 2]}


@in_virtual_time
async def test_a_reader_can_be_stepped_into_and_stopped_before_while_the_stream_is_written() -> None:
    stopped = of(piped(100, {"chunk": 1}, 5000, {"chunk": 2}))
    stopped.send(START)
    stopped.send(SetBreakpoints(["r"]))
    async with under_way(stopped) as runner:
        await until(lambda: "DEBUG_BREAKPOINT_HIT r" in stopped.story)
        stopped.send(Step())
        runner.mail()
        await until(lambda: "NODE_STARTED r" in stopped.story)
        assert stopped.statuses["w"] is NodeStatus.EXECUTING
        stopped.send(Resume())
        runner.mail()
    assert stopped.outputs == {"o": [1, 2]}


@in_virtual_time
async def test_a_stop_ends_the_writer_and_the_reader() -> None:
    stopped = of(piped({"chunk": 1}, 10_000))
    async with under_way(stopped) as runner:
        await until(lambda: ("r", 1) in stopped.recorder.began)
        stopped.send(Stop())
        runner.mail()
    assert stopped.story[-3:] == ["NODE_FAILED w", "NODE_FAILED r", "FLOW_CANCELLED"]
    assert sorted(stopped.recorder.ended) == [("r", 1), ("w", 1)]


@in_virtual_time
async def test_a_reader_has_its_own_time_limit() -> None:
    nodes = [writer("w", {"chunk": 1}, 5000), reader("r", timeoutMs=1000), work("saved")]
    done = await run(flow(*nodes, edges=["w.stream > r.stream", "r.__error > saved.__execute"]))
    (failed,) = done.of_node("r", NodeFailed)
    assert (failed.error.code, done.status) == (ErrorCode.TIMEOUT, ExecutionStatus.COMPLETED)


@in_virtual_time
async def test_what_a_writer_wrote_before_it_ran_out_of_time_is_in_the_log() -> None:
    done = await run(flow(writer("w", {"many": [1, 2, 3]}, 5000, timeoutMs=20)))
    assert (written(done, "w"), done.status) == ([1, 2, 3], ExecutionStatus.FAILED)


# --- what is taken back -----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_group_that_began_with_what_is_taken_back_begins_anew_with_all_its_members() -> None:
    nodes = [
        writer("w", {"resolve": True}, 1000, {"fail": ["No.", 1]}, retry=SOON),
        *(group("g"), group("inner", parent="g")),
        *(work("long", "test.effect", parent="inner", lasts=5000), work("late", parent="g")),
    ]
    done = await run(flow(*nodes, edges=["w.early > g.__execute", "long.x > late.a"]))
    assert done.status is ExecutionStatus.COMPLETED
    assert done.at("NODE_STARTED", "g") == done.at("NODE_STARTED", "long") == [0, 1100]
    assert done.at("NODE_STARTED", "late") == [6100]


@in_virtual_time
async def test_what_waits_with_what_is_taken_back_begins_anew() -> None:
    broken = writer("w", {"resolve": 7}, 1000, {"fail": ["No.", 1]}, retry=SOON)
    asleep = work("asleep", "test.effect", waits=5000)
    done = await run(flow(broken, asleep, output("o"), edges=["w.early > asleep.a", "asleep.x > o.value"]))
    assert done.at("NODE_WAITING", "asleep") == [0, 1100]
    assert done.at("NODE_COMPLETED", "asleep") == [6100]


@in_virtual_time
async def test_what_needs_the_first_input_only_begins_anew_when_that_is_taken_back() -> None:
    broken = writer("w", {"resolve": 7}, 1000, {"fail": ["No.", 1]}, retry=SOON)
    document = flow(broken, work("long", "test.any_effect", lasts=5000), edges=["w.early > long.a"])
    done = await run(document)
    assert done.at("NODE_STARTED", "long") == [0, 1100]


@in_virtual_time
async def test_what_ran_on_a_constant_has_no_part_in_what_came_later_and_is_taken_back() -> None:
    broken = writer("w", 10, {"resolve": 7}, 1000, {"fail": ["No.", 1]}, retry=SOON)
    nodes = [broken, work("short", "test.any_instant", b=1), work("long", "test.any_effect", b=1, lasts=5000)]
    done = await run(flow(*nodes, edges=["w.early > short.a", "w.early > long.a"]))
    assert done.status is ExecutionStatus.COMPLETED
    assert done.at("NODE_STARTED", "w") == [0, 1110]
    assert done.at("NODE_STARTED", "long") == [0]


@in_virtual_time
async def test_a_node_is_not_attempted_again_when_another_was_skipped_for_what_it_gave() -> None:
    broken = writer("w", {"resolve": False}, 1000, {"fail": ["No.", 1]}, retry=SOON)
    branch = {"id": "b", "type": "flow.branch"}
    document = flow(broken, branch, work("skipped"), edges=["w.early > b.condition", "b.true > skipped.a"])
    (failed,) = (await run(document)).of_node("w", NodeFailed)
    assert failed.error.message.endswith("'b' has ended with what it had given by then.")


@in_virtual_time
async def test_of_several_sources_the_first_that_still_stands_is_used_when_one_is_taken_back() -> None:
    document = flow(
        writer("w", {"resolve": "w"}, 100, {"fail": ["No.", 1]}, 1000, retry=SOON),
        work("b", "test.effect", lasts=20), work("c", "test.effect", lasts=10), work("gate", "test.effect", lasts=2000),
        work("r"),
        edges=["w.early > r.a", "b.y > r.a", "c.y > r.a", "gate.x > r.__after"],
    )  # fmt: skip
    done = await run(document)
    assert done.inputs_of("r")["a"] == given(done, "c")["y"]


@in_virtual_time
async def test_a_node_whose_start_was_taken_back_is_skipped_when_nothing_comes_any_more() -> None:
    steps = [{"first": {"resolve": 7}}, 100, {"fail": ["No.", 9]}]
    nodes = [
        writer("w", *steps, retry={**SOON, "maxAttempts": 2}),
        work("long", "test.effect", lasts=9000),
        work("saved"),
    ]
    done = await run(flow(*nodes, edges=["w.early > long.a", "w.__error > saved.a"]))
    assert done.story.count("NODE_STARTED long") == 1
    assert done.statuses == {"w": NodeStatus.FAILED, "long": NodeStatus.SKIPPED, "saved": NodeStatus.COMPLETED}
    assert done.recorder.ended.count(("long", 1)) == 1
    assert "w" in reasons(done.state, "long")[0].message


# --- forks ------------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_fork_takes_a_stream_along_with_the_node_that_wrote_it() -> None:
    steps = [{"chunk": 1}, {"fail": ["No.", 1]}, {"many": [2, 3]}]
    document = piped(*steps, retry=SOON)
    first = await run(document)
    assert first.outputs == {"o": [1, 2, 3]}
    fork = forked(first, document, frozenset({"r", "o"}), registry=STREAMING)
    assert taken_over(fork) == ["w"]
    done = await fork.live()
    assert (done.outputs, done.recorder.began) == ({"o": [1, 2, 3]}, [("r", 1)])
    assert written(done, "w", attempt=0) == [1, 2, 3]
    again = forked(done, document, frozenset({"r", "o"}), registry=STREAMING)
    assert (await again.live()).outputs == {"o": [1, 2, 3]}


@in_virtual_time
async def test_a_fork_runs_a_node_again_whose_stream_is_too_long_or_was_not_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unread = flow(writer("w", {"many": [1, 2, 3]}))
    first = await run(unread, options=ExecutionOptions(record_events=RecordEvents.FLOW))
    read = piped({"many": [1, 2, 3]})
    assert changed_nodes(first.state, of(read).plan, frozenset()) == {"w"}
    assert changed_nodes((await run(unread)).state, of(read).plan, frozenset()) == set()
    monkeypatch.setattr(forks, "COPIED_BYTES", 5)
    assert taken_over(forked(await run(read), read, frozenset({"r", "o"}), registry=STREAMING)) == []


# --- secrets ----------------------------------------------------------------------------------------------------------

CANARY = "sk-c4n4ry/+=0123456789"


async def find(name: str) -> str:
    return CANARY


@in_virtual_time
@pytest.mark.parametrize("size", [1, 2, 5, 7, 21, 22, 40])
@pytest.mark.parametrize("pause", [0, 7, 60])
async def test_a_secret_is_kept_out_of_streams_however_it_is_cut_into_pieces(size: int, pause: int) -> None:
    text = f"Here it is: {CANARY}, sk-{CANARY}sk-c4. Over."
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    steps = [step for piece in pieces for step in ({"chunk": piece}, pause)]
    document = piped({"secret": "key"}, *steps, {"resolve": CANARY})
    done = await of(document).live(reach=Reach(find_secret=find))
    shown = "".join(done.outputs["o"])
    assert shown == "Here it is: [secret key], sk-[secret key]sk-c4. Over."
    assert len(done.outputs["o"]) == len(pieces)
    assert "c4n4ry" not in str([event.encode() for event in done.events if not isinstance(event, NodeStarted)])
    assert given(done, "w")["early"] == "[secret key]"


@in_virtual_time
async def test_a_piece_that_refers_to_a_secret_fails_whoever_reads_it() -> None:
    done = await run(piped({"refer": "key"}))
    (failed,) = done.of_node("r", NodeFailed)
    assert failed.error.code is ErrorCode.INPUT
    assert failed.error.message == (
        "Input 'stream': A reference to a secret fits inputs of kind secret; this one is of kind stream."
    )
