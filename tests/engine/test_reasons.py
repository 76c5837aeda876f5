"""Why an execution, or one of its nodes, does not run: a table of cases, each looked at in the middle of a run."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from engine.commands import Command, Pause, Stop
from engine.reasons import can_start, is_at_work, reasons
from engine.state import State
from tests.engine.commanded import emit, listen, node, running, wait_for
from tests.engine.running import Document, Run, everything, flow, group, output, work
from tests.engine.virtual_clock import in_virtual_time

LONG = "test.effect"
Told = tuple[str, str | None, str | None]

LINE = flow(
    wait_for("ask", "ok"), work("mid", LONG), group("g"), work("in", LONG, parent="g"), output("out"),
    edges=["ask.payload > mid.a", "mid.__success > g.__execute", "in.x > out.value", "mid.x > out.__after"],
)  # fmt: skip
BRANCH = flow(
    node("if", "flow.branch", condition=True), work("no", LONG), work("far", LONG), work("off", LONG, disabled=True),
    work("hang", LONG, lasts=9000), work("bad", LONG, fails=-1), work("after_bad", LONG),
    edges=["if.false > no.a", "no.x > far.a", "bad.x > after_bad.a"],
)  # fmt: skip
WAYS = flow(
    work("slow", LONG, lasts=9000), work("quick", LONG, lasts=1), work("all", LONG), {"id": "m", "type": "flow.merge"},
    work("nap", LONG, waits=60_000), work("tries", LONG, fails=1, retry={"initialDelayMs": 60_000, "jitter": 0.0}),
    edges=["slow.x > all.items", "quick.x > all.items", "slow.x > m.a", "nap.x > m.b"],
)  # fmt: skip
CALLS = flow(node("map", "flow.map", flowId="low", items=[1, 2, 3]), work("then", LONG), edges=["map.results > then.a"])
EVENTS = flow(emit("e", "go"), listen("l", "go"), work("low", LONG, lasts=9000), edges=["l.payload > low.a"])
LOW = flow(node("item", "flow.input", name="item"), work("low", LONG, lasts=9000), edges=["item.value > low.a"])
FAILING = flow(
    work("bad", LONG, fails=-1, lasts=5, retryable=False), work("then", LONG), work("last", LONG),
    edges=["bad.x > then.a", "then.x > last.a"],
)  # fmt: skip
CONTINUE: Any = {"on_node_failure": "CONTINUE"}


def told(state: State, node_id: str | None) -> list[Told]:
    return [(each.code.value, each.node_id, each.port) for each in reasons(state, node_id)]


@pytest.mark.parametrize(
    ("document", "options", "commands", "node_id", "expected"),
    [
        (LINE, {}, (), None, [("WAITING_FOR_SIGNAL", "ask", None)]),
        (LINE, {}, (), "mid", [("WAITING_FOR_SIGNAL", "ask", None), ("WAITING_FOR_PORT", "ask", "a")]),
        (
            LINE, {}, (), "in",
            [("WAITING_FOR_SIGNAL", "ask", None), ("WAITING_FOR_PORT", "g", None)],
        ),
        (
            LINE, {}, (), "out",
            [
                ("WAITING_FOR_SIGNAL", "ask", None),
                ("WAITING_FOR_PORT", "in", "value"),
                ("WAITING_FOR_PORT", "mid", "__after"),
            ],
        ),
        (LINE, {}, (Pause(),), None, [("PAUSED", None, None)]),
        (LINE, {}, (Pause(),), "mid", [("PAUSED", None, None), ("WAITING_FOR_PORT", "ask", "a")]),
        (LINE, {"breakpoints": ["ask"]}, (), None, [("BREAKPOINT", "ask", None)]),
        (LINE, {"breakpoints": ["ask"]}, (), "ask", [("BREAKPOINT", "ask", None)]),
        (BRANCH, CONTINUE, (), None, []),
        (BRANCH, CONTINUE, (), "hang", []),
        (BRANCH, CONTINUE, (), "no", [("SOURCE_SKIPPED", "if", None)]),
        (BRANCH, CONTINUE, (), "far", [("SOURCE_SKIPPED", "if", None), ("SOURCE_SKIPPED", "no", None)]),
        (BRANCH, CONTINUE, (), "off", [("SOURCE_SKIPPED", "off", None)]),
        (BRANCH, CONTINUE, (), "after_bad", [("SOURCE_FAILED", "bad", None)]),
        (BRANCH, CONTINUE, (), "bad", [("ENDED", "bad", None)]),
        (WAYS, {}, (), "all", [("WAITING_FOR_PORT", "slow", "items")]),
        (
            WAYS, {}, (), "m",
            [
                ("WAITING_FOR_TIMER", "nap", None),
                ("WAITING_FOR_PORT", "slow", "a"),
                ("WAITING_FOR_PORT", "nap", "b"),
            ],
        ),
        (WAYS, {}, (), "tries", [("WAITING_FOR_TIMER", "tries", None)]),
        (WAYS, {"max_concurrency": 1}, (), "quick", [("CONCURRENCY_LIMIT", "quick", None)]),
        (CALLS, {}, (), None, [("WAITING_FOR_CHILDREN", "map", None)]),
        (CALLS, {}, (), "then", [("WAITING_FOR_CHILDREN", "map", None), ("WAITING_FOR_PORT", "map", "a")]),
        (EVENTS, {}, (), None, [("WAITING_FOR_CHILDREN", None, None)]),
        (EVENTS, {}, (), "low", [("SOURCE_SKIPPED", "low", None)]),
        (FAILING, {}, (), None, [("ENDED", None, None)]),
        (FAILING, {}, (), "last", [("SOURCE_FAILED", "bad", None), ("ENDED", None, None)]),
    ],
)  # fmt: skip
@in_virtual_time
async def test_the_reasons_are_named_with_the_root_cause_first(
    document: Document, options: dict[str, Any], commands: Sequence[Command], node_id: str | None, expected: list[Told]
) -> None:
    async with running(document, flows={"low": LOW}, options=everything(**options)) as root:
        for command in commands:
            root.send(command)
        await asyncio.sleep(0.1)
        assert told(root.replayed(), node_id) == expected
        if not root.has_ended:
            root.send(Stop())


def test_what_was_not_started_says_so() -> None:
    state = Run.of(LINE).state
    assert told(state, None) == told(state, "mid") == [("NOT_STARTED", None, None)]
    assert not is_at_work(state, None)
    assert not can_start(state, None)


@in_virtual_time
async def test_messages_name_what_is_waited_for() -> None:
    document = flow({**wait_for("ask", "ok", timeoutMs=60_000), "title": "Ask the boss"}, output("out"), edges=[
        "ask.payload > out.value",
    ])  # fmt: skip
    async with running(document) as root:
        await asyncio.sleep(0.1)
        assert [each.message for each in reasons(root.replayed(), "out")] == [
            "The node 'ask' (Ask the boss) waits for the signal 'ok' until 2023-11-14T22:14:20.000Z.",
            "The port 'value' of the node 'out' waits for ask.payload, whose node is WAITING.",
        ]
        root.send(Stop())
