"""A run as a person sees it."""

import io
from typing import Any

import pytest
from rich.console import Console

from tests.eventually import eventually
from tidegate.control_lines import control_line
from tidegate.event_stream import Batch, Event
from tidegate.live_report import LiveReport
from tidegate.printable import printable
from tidegate.run_figures import Figures
from tidegate.run_lines import duration, event_line


def event(kind: str, **data: Any) -> Event:
    return {"executionId": "EX1", "index": 0, "type": kind, "timestamp": "2025-01-01T00:00:00.000Z", "data": data}


def node(kind: str, node_id: str, **data: Any) -> Event:
    return event(kind, nodeId=node_id, nodeType="math.arithmetic", **data)


def error(message: str) -> dict[str, Any]:
    return {"code": "NODE", "message": message, "nodeId": "b", "retryable": False}


STARTED = [
    event("FLOW_STARTED", workerId="w"),
    node("NODE_STARTED", "a", attempt=1),
    node("NODE_STARTED", "b", attempt=1),
]
COMPLETED = [
    node("NODE_COMPLETED", "a", attempt=1, executionTime=12.0),
    node("NODE_COMPLETED", "b", attempt=1, executionTime=1500.0),
    node("NODE_SKIPPED", "c", reason="Nothing can come from b.", causedBy=["b"]),
    event(
        "FLOW_COMPLETED",
        executionTime=1512.0,
        failedNodeCount=0,
        outputs={"text": "two\nlines", "data": {"b": 1, "a": [-0.0]}},
    ),
]
FAILED = [
    node("NODE_COMPLETED", "a", attempt=1, executionTime=0.0),
    node("NODE_RETRYING", "b", attempt=1, delay=200.0, error=error("Not yet.")),
    node("NODE_FAILED", "b", attempt=2, executionTime=3.0, error=error("Never.")),
    event("FLOW_FAILED", executionTime=3.0, error=error("Never.")),
]


async def shown(*batches: Batch) -> str:
    """All that a run of three nodes writes."""
    out = io.StringIO()
    report = LiveReport("Flow", 3, Console(file=out, width=100, highlight=False))
    report.created("EX1")
    with report.running():
        for batch in batches:
            report.batch(batch)
    return out.getvalue()


async def test_a_completed_run_is_a_line_for_each_node_and_its_outputs():
    text = await shown(Batch(STARTED, 3, "RUNNING"), Batch(COMPLETED, 7, "COMPLETED"))

    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "Flow EX1",
        "✓ a math.arithmetic 12 ms",
        "✓ b math.arithmetic 1.50 s",
        "– c math.arithmetic skipped Nothing can come from b.",
        "COMPLETED in 1.51 s: 2 of 3 nodes completed, 1 skipped",
        "",
        "text",
        "two",
        "lines",
        "",
        "data",
        "{",
        '"b": 1,',
        '"a": [',
        "-0.0",
        "]",
        "}",
    ]


async def test_a_failed_run_ends_with_its_error_and_node():
    text = await shown(Batch(STARTED, 3, "RUNNING"), Batch(FAILED, 7, "FAILED"))

    assert "↻ b" in text
    assert "attempt 1 failed; again in 200 ms  Not yet." in text
    assert text.endswith("FAILED in 3 ms: 1 of 3 nodes completed, 1 failed\nnode b: Never. (NODE)\n")


async def test_a_terminal_shows_what_is_going_on():
    out = io.StringIO()
    report = LiveReport("Flow", 3, Console(file=out, width=100, force_terminal=True, highlight=False))

    with report.running():
        report.batch(Batch(STARTED, 3, "RUNNING"))
        await eventually(lambda: "▸" in out.getvalue())
        assert "0/3 nodes" in out.getvalue()
        report.dropped("gone")
        await eventually(lambda: "connection lost (gone)" in out.getvalue())


async def test_an_output_cannot_command_the_terminal():
    evil = event("FLOW_COMPLETED", executionTime=0.0, failedNodeCount=0, outputs={"\x1b[2J": "\x1b]0;title\x07"})

    text = await shown(Batch([evil], 0, "COMPLETED"))

    assert "\x1b" not in text
    assert "\x07" not in text


async def test_who_leaves_early_is_told_how_to_come_back():
    out = io.StringIO()
    LiveReport("Flow", 1, Console(file=out, width=100)).left("EX1")

    assert "tidegate events EX1 --follow" in out.getvalue()


CONTROLS = [
    (node("NODE_WAITING", "a", signalName="go"), "… a math.arithmetic waits for the signal 'go'"),
    (
        node("NODE_WAITING", "a", signalName="g\x1bo", until="2026-01-02T03:04:05.678Z"),
        "… a math.arithmetic waits for the signal 'g\\x1bo', until 2026-01-02T03:04:05.678Z",
    ),
    (node("NODE_WAITING", "a", childCount=1), "… a math.arithmetic waits for 1 child execution"),
    (node("NODE_WAITING", "a", childCount=3), "… a math.arithmetic waits for 3 child executions"),
    (
        node("DEBUG_BREAKPOINT_HIT", "a"),
        "‖ a math.arithmetic breakpoint paused; resumeExecution lets it go on, stepExecution one node",
    ),
    (
        event("FLOW_PAUSED", reason="Lunch.", runningNodes=1),
        "‖ paused; resumeExecution lets it go on, stepExecution one node (Lunch.)",
    ),
    (
        event("FLOW_PAUSED", runningNodes=0),
        "‖ paused; resumeExecution lets it go on, stepExecution one node",
    ),
    (event("FLOW_STEPPED"), "▸ one node may start"),
    (event("FLOW_RESUMED"), "▸ goes on"),
    (event("SIGNAL_RECEIVED", signalName="go", accepted=True), "→ the signal 'go' came in"),
    (
        event("SIGNAL_RECEIVED", signalName="go", accepted=False, reason="It does not fit."),
        "→ the signal 'go' is not accepted: It does not fit.",
    ),
    (event("CHILD_EXECUTION_SPAWNED", childExecutionId="EX2", eventName="order"), "↳ child EX2 for the event 'order'"),
    (
        event("CHILD_EXECUTION_COMPLETED", childExecutionId="EX2", spawnedByNodeId="map", outputs={"n": 1}),
        "✓ child EX2 of map",
    ),
    (
        event("CHILD_EXECUTION_COMPLETED", childExecutionId="EX2", eventName="order", outputs={"n": 1}),
        "✓ child EX2 for the event 'order': {\"n\":1}",
    ),
    (
        event("CHILD_EXECUTION_COMPLETED", childExecutionId="EX2", eventName="order", outputs={"n": "x" * 300}),
        '✓ child EX2 for the event \'order\': {"n":"' + "x" * 194 + "…",
    ),
    (
        event("CHILD_EXECUTION_COMPLETED", childExecutionId="EX2", eventName="order", outputs={}),
        "✓ child EX2 for the event 'order'",
    ),
    (
        event("CHILD_EXECUTION_FAILED", childExecutionId="EX2", spawnedByNodeId="map", error=error("Never.")),
        "✗ child EX2 of map: Never.",
    ),
]


@pytest.mark.parametrize(("told", "line"), CONTROLS)
def test_waits_commands_and_children_have_a_line_each(told, line):
    shown_line = control_line(told)

    assert shown_line is not None
    assert " ".join(shown_line.plain.split()) == line


@pytest.mark.parametrize(
    "told",
    [
        node("NODE_WAITING", "a", until="2026-01-02T03:04:05.678Z"),
        event("CHILD_EXECUTION_SPAWNED", childExecutionId="EX2", spawnedByNodeId="map"),
        event("CHILD_EXECUTION_RENAMED", childExecutionId="EX2"),
        event("FLOW_DRAINED"),
    ],
)
def test_what_is_told_otherwise_has_no_line(told):
    assert control_line(told) is None


async def test_a_terminal_says_what_a_run_waits_for():
    out = io.StringIO()
    report = LiveReport("Flow", 3, Console(file=out, width=100, force_terminal=True, highlight=False))
    spawned = [event("CHILD_EXECUTION_SPAWNED", childExecutionId=id_, spawnedByNodeId="a") for id_ in ("EX2", "EX3")]

    with report.running():
        report.batch(Batch([*STARTED, node("NODE_WAITING", "b", signalName="go")], 3, "RUNNING"))
        await eventually(lambda: "for the signal 'go'" in out.getvalue())
        report.batch(Batch(spawned, 5, "RUNNING"))
        await eventually(lambda: "0 of 2 child executions have ended" in out.getvalue())
        report.batch(Batch([event("FLOW_PAUSED", runningNodes=0)], 6, "PAUSED"))
        await eventually(lambda: out.getvalue().count("paused; resumeExecution") > 2)


def test_figures_know_what_is_busy_and_what_waits():
    figures = Figures(2, clock=lambda: 5.0)
    for each in STARTED:
        figures.take(each)
    figures.take(node("NODE_WAITING", "b", childCount=2))
    figures.take(node("NODE_COMPLETED", "a"))

    assert (figures.ended, figures.completed) == (1, 1)
    assert list(figures.busy) == ["b"]
    assert (figures.busy["b"].waiting, figures.busy["b"].waits) == (True, "for 2 child executions")
    figures.take(node("NODE_STARTED", "b", attempt=2))
    assert (figures.busy["b"].waiting, figures.busy["b"].waits) == (False, "")


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "<1 ms"),
        (1, "1 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (54_990, "54.99 s"),
        (125_000, "2 min 5 s"),
        (3_600_000, "1 h 0 min"),
        (7_500_000, "2 h 5 min"),
    ],
)
def test_durations_read_well(milliseconds, text):
    assert duration(milliseconds) == text


def test_text_keeps_its_lines_and_loses_its_control_characters():
    assert printable("größe\n\tπ\x00\x9b") == "größe\n\tπ��"


def test_an_event_of_an_unknown_kind_has_no_line():
    assert event_line(event("SOMETHING_NEW")) is None


def test_figures_keep_the_end_of_what_a_node_says():
    def chunk(sequence: int, *pieces: Any) -> Event:
        return node("NODE_OUTPUT_CHUNK", "b", port="stream", sequence=sequence, count=len(pieces), chunk=list(pieces))

    figures = Figures(2)
    for each in (*STARTED, chunk(0, "void"), chunk(0, "x" * 100), chunk(1, " and", " so"), chunk(3, {"no": "text"})):
        figures.take(each)
    figures.take(node("NODE_OUTPUT_CHUNK", "gone", port="stream", sequence=0, count=1, chunk=["late"]))

    assert figures.busy["b"].said == "x" * 23 + " and so"
    assert figures.busy["a"].said == ""
