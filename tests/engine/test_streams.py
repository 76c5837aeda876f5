"""Streams: what one node writes piece by piece, others read while it is being written."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from engine.events import NodeCompleted, NodeFailed, NodeOutputChunk, NodePortResolved, NodeStarted
from engine.options import ExecutionOptions
from engine.status import ErrorCode, ExecutionStatus, NodeFailurePolicy, NodeStatus, RecordEvents
from tests.engine.running import Document, Run, flow, output, shown_outputs, work
from tests.engine.streaming import STREAMING, long_piece, reader, writer
from tests.engine.virtual_clock import in_virtual_time

CONTINUE = NodeFailurePolicy.CONTINUE


async def run(document: Document, **settings: Any) -> Run:
    return await Run.of(document, STREAMING, **settings).live()


def written(done: Run, node_id: str, attempt: int = 1) -> list[Any]:
    """The pieces in the log that an attempt of a node has written to its stream."""
    chunks = [event for event in done.of_node(node_id, NodeOutputChunk) if event.attempt == attempt]
    mine = [event for event in chunks if event.port == "stream"]
    assert [event.sequence for event in mine] == [sum(each.count for each in mine[:n]) for n in range(len(mine))]
    return [piece for event in mine for piece in event.chunk.data]


def given(done: Run, node_id: str) -> dict[str, Any]:
    """What a node gave, without the system ports."""
    return {port: data for port, data in shown_outputs(done)[node_id].items() if not port.startswith("__")}


def copy_of(pieces: list[Any], *more: Mapping[str, Any], edges: tuple[str, ...] = ()) -> Document:
    return flow(
        writer("w", *({"chunk": piece} for piece in pieces)), {"id": "r", "type": "stream.buffer"}, output("o"), *more,
        edges=["w.stream > r.stream", "r.array > o.value", *edges],
    )  # fmt: skip


@in_virtual_time
async def test_a_reader_runs_while_the_stream_is_written_and_gets_every_piece() -> None:
    seen: list[tuple[Any, int]] = []
    slow = Run.of(
        flow(
            writer("w", {"chunk": "a"}, 100, {"chunk": {"b": [1.0, None]}}, 100, {"chunk": 3}, 1000),
            reader("r"), output("o"), edges=["w.stream > r.stream", "r.pieces > o.value"],
        ),
        STREAMING,
    )  # fmt: skip
    slow.recorder.on_read = lambda context, piece: seen.append((piece, slow.ledger.now() - slow.ledger._epoch))
    await slow.live()
    assert seen == [("a", 0), ({"b": [1.0, None]}, 100), (3, 200)]
    assert slow.outputs == {"o": ["a", {"b": [1.0, None]}, 3]}
    assert slow.at("NODE_COMPLETED", "w") == [1200]


@in_virtual_time
async def test_the_log_says_that_the_port_resolves_and_has_the_pieces_once() -> None:
    done = await run(copy_of(["a", "b"]))
    (resolved,) = done.of_node("w", NodePortResolved)
    (ended,) = done.of_node("w", NodeCompleted)
    (started,) = done.of_node("r", NodeStarted)
    assert (resolved.port, resolved.attempt) == ("stream", 1)
    assert resolved.value.data == {"$stream": {"nodeId": "w", "port": "stream"}}
    assert started.inputs["stream"].data == resolved.value.data
    assert ended.outputs["stream"].data == {"$stream": {"nodeId": "w", "port": "stream", "pieces": 2}}
    assert ended.outputs["second"].data == {"$stream": {"nodeId": "w", "port": "second", "pieces": 0}}
    assert written(done, "w") == ["a", "b"]
    assert done.story.index("NODE_OUTPUT_CHUNK w") < done.story.index("NODE_STARTED r")


@in_virtual_time
async def test_pieces_that_come_close_together_are_one_event_and_there_are_twenty_a_second_at_most() -> None:
    done = await run(flow(writer("w", *[{"chunk": number} for number in range(100)], *[{"chunk": "x"}, 7] * 300)))
    times = done.at("NODE_OUTPUT_CHUNK", "w")
    assert done.of_node("w", NodeOutputChunk)[0].chunk.data == [0]
    assert written(done, "w") == [*range(100), *["x"] * 300]
    assert all(later - earlier >= 50 for earlier, later in pairwise(times[:-1]))
    assert 40 <= len(times) <= 44


@in_virtual_time
async def test_a_stream_is_whole_when_its_node_has_completed() -> None:
    done = await run(flow(writer("w", {"many": [1, 2, 3, 4]})))
    assert written(done, "w") == [1, 2, 3, 4]
    assert done.story.index("NODE_COMPLETED w") > max(i for i, t in enumerate(done.story) if "CHUNK" in t)


@in_virtual_time
async def test_a_stream_that_nothing_was_written_to_is_empty() -> None:
    done = await run(copy_of([]))
    assert (done.status, done.outputs) == (ExecutionStatus.COMPLETED, {"o": []})


@in_virtual_time
async def test_a_reader_that_starts_late_reads_from_the_log_and_several_readers_get_the_same() -> None:
    document = flow(
        writer("w", {"long": [20, 600_000]}),
        reader("late", most=15),
        work("nap", "test.effect", lasts=10_000),
        reader("all", "test.safe_reader"),
        edges=[
            *("w.stream > late.stream", "nap.x > late.__after"),
            *("w.stream > all.stream", "w.second > all.others", "w.stream > all.others"),
        ],
    )
    done = await run(document)
    pieces = [long_piece(number, 600_000) for number in range(20)]
    assert given(done, "late")["pieces"] == pieces[:15]
    assert given(done, "all") == {"pieces": pieces, "others": [[], pieces]}


@in_virtual_time
async def test_split_and_buffer_make_a_stream_of_an_array_and_an_array_of_a_stream() -> None:
    array = [1, "two", [3], {"four": None}, 5.0]
    split = {"id": "s", "type": "stream.split", "inputs": {"array": array}}
    buffered = {"id": "b", "type": "stream.buffer"}
    done = await run(flow(split, buffered, output("o"), edges=["s.stream > b.stream", "b.array > o.value"]))
    assert done.outputs == {"o": array}
    assert done.of_node("b", NodeStarted)[0].inputs["stream"].data == {"$stream": {"nodeId": "s", "port": "stream"}}


@in_virtual_time
async def test_many_pieces_at_once_are_events_of_bounded_size() -> None:
    done = await run(flow(writer("w", {"long": [10_000, 1000]})))
    sizes = [len(event.chunk.text) for event in done.of_node("w", NodeOutputChunk)]
    assert len(written(done, "w")) == 10_000
    assert max(sizes) < 1.1 * 1024 * 1024
    assert len(sizes) < 20


@in_virtual_time
async def test_a_reader_fails_when_the_node_that_writes_fails_and_says_which() -> None:
    document = flow(
        writer("w", {"chunk": 1}, 10, {"fail": ["Out of ink.", 1]}), reader("r"), edges=["w.stream > r.stream"]
    )
    done = await run(document, options=ExecutionOptions(on_node_failure=CONTINUE))
    (failed,) = done.of_node("r", NodeFailed)
    assert failed.error.message == "The stream w.stream broke off, because its node failed: Out of ink."
    assert not failed.error.retryable
    assert done.statuses == {"w": NodeStatus.FAILED, "r": NodeStatus.FAILED}


@in_virtual_time
async def test_a_reader_is_skipped_when_the_node_failed_before_it_wrote_anything() -> None:
    document = flow(writer("w", {"fail": ["Out of ink.", 1]}), reader("r"), edges=["w.stream > r.stream"])
    done = await run(document, options=ExecutionOptions(on_node_failure=CONTINUE))
    assert done.statuses == {"w": NodeStatus.FAILED, "r": NodeStatus.SKIPPED}


SOON = {"maxAttempts": 3, "initialDelayMs": 100, "jitter": 0.0}


@in_virtual_time
@pytest.mark.parametrize("kind", ["test.reader", "test.safe_reader"])
async def test_a_new_attempt_of_the_writer_starts_its_readers_anew(kind: str) -> None:
    steps = [{"chunk": 1}, 100, {"chunk": 2}, 100, {"fail": ["Out of ink.", 2]}, {"chunk": 3}]
    done = await run(
        flow(
            writer("w", *steps, retry=SOON),
            reader("r", kind),
            output("o"),
            edges=["w.stream > r.stream", "r.pieces > o.value"],
        )
    )
    assert done.outputs == {"o": [1, 2, 3]}
    assert [event.attempt for event in done.of_node("r", NodeStarted)] == [1, 2, 3]
    assert done.recorder.began == [("w", 1), ("r", 1), ("w", 2), ("r", 2), ("w", 3), ("r", 3)]
    assert [written(done, "w", attempt) for attempt in (1, 2, 3)] == [[1, 2], [1, 2], [1, 2, 3]]


@in_virtual_time
async def test_a_writer_is_not_attempted_again_when_a_reader_has_ended_with_what_it_wrote() -> None:
    steps = [{"chunk": 1}, 1000, {"fail": ["Out of ink.", 1]}]
    done = await run(flow(writer("w", *steps, retry=SOON), reader("r", most=1), edges=["w.stream > r.stream"]))
    (failed,) = done.of_node("w", NodeFailed)
    assert failed.error.code is ErrorCode.NODE
    assert failed.error.message == (
        "Out of ink. It is not attempted again, because 'r' has ended with what it had given by then."
    )
    assert done.status is ExecutionStatus.FAILED


@in_virtual_time
async def test_flow_leaves_out_pieces_that_nothing_reads() -> None:
    nodes = [writer("read", {"chunk": 1}), writer("unread", {"chunk": 1}), work("after"), reader("r")]
    document = flow(*nodes, edges=["read.stream > r.stream", "unread.stream > after.__execute"])
    kept = {}
    for record in RecordEvents:
        done = await run(document, options=ExecutionOptions(record_events=record))
        kept[record] = [node for node in ("read", "unread") if written(done, node)]
        assert done.statuses["after"] is NodeStatus.COMPLETED
    assert kept == {"ALL": ["read", "unread"], "NODES": ["read", "unread"], "FLOW": ["read"]}


# --- resolved early ---------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_what_hangs_on_an_output_runs_when_it_is_resolved_early() -> None:
    document = flow(
        writer("w", {"resolve": 7}, 1000), work("next"), output("o"), edges=["w.early > next.a", "w.early > o.value"]
    )
    done = await run(document)
    assert (done.at("NODE_COMPLETED", "next"), done.at("NODE_COMPLETED", "w")) == ([0], [1000])
    assert done.inputs_of("next") == {"a": 7}
    assert done.of_node("w", NodeCompleted)[0].outputs["early"].data == 7
    assert done.outputs == {"o": 7}


@in_virtual_time
async def test_a_new_attempt_takes_back_what_was_resolved_early_and_all_that_followed_from_it() -> None:
    steps = [{"resolve": 7}, 1000, {"fail": ["No.", 1]}]
    document = flow(
        writer("w", *steps, retry=SOON), work("long", "test.effect", lasts=5000), work("other", lasts=0),
        edges=["w.early > long.a", "w.early > other.a", "long.x > other.b"],
    )  # fmt: skip
    done = await run(document)
    assert done.status is ExecutionStatus.COMPLETED
    assert done.at("NODE_STARTED", "long") == [0, 1100]
    assert done.at("NODE_STARTED", "other") == [6100]
