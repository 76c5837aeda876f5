"""Logs of each release, and what they fold to: whatever is changed later must read them as it did then.

`python -m tests.engine.golden_logs` writes those of the version under development anew. What was released stays.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.commands import Pause, Resume, SetBreakpoints, Signal, Step, Stop
from engine.entry import Entry
from engine.events import decode
from engine.forks import downstream
from engine.node_record import NodeRecord
from engine.options import ExecutionOptions
from engine.plan import compile_plan
from engine.records import ExecutionError
from engine.spawns import FlowEvent
from engine.state import Setup, State
from engine.validation import load_document
from engine.values import Value
from tests.engine.commanded import emit, listen, node, wait_for
from tests.engine.event_graphs import CALLED
from tests.engine.family import Family, Member
from tests.engine.forked import forked
from tests.engine.running import EPOCH, Document, everything, flow, group, output, until, work
from tests.engine.streaming import STREAMING, reader, writer
from tests.engine.virtual_clock import run_virtual

FOLDER = Path(__file__).parent / "golden"
VERSION = "0.1.0"
"""The version under development."""

LONG, SOON = "test.effect", {"maxAttempts": 2, "initialDelayMs": 1000, "jitter": 0.0}


@dataclass(frozen=True)
class Golden:
    """A log as it is stored: how its execution was created, its events, and the state that they make."""

    created: Mapping[str, Any]
    events: Sequence[Mapping[str, Any]]
    state: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Golden":
        created, *events, state = map(json.loads, path.read_text().splitlines())
        return cls(created, events, state)

    @classmethod
    def of(cls, member: Member, document: Document) -> "Golden":
        event = member.state.setup.event
        created = {
            "document": document,
            "options": member.options.model_dump(mode="json", by_alias=True),
            "event": event and [event.name, event.payload.data],
            "externalEvents": [[each.name, each.payload.data] for each in member.state.setup.external_events],
        }
        return cls(created, [_line(entry) for entry in member.ledger.entries], told(member.replayed()))

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in (self.created, *self.events, self.state)))

    def folded(self) -> State:
        """The state that today's code makes of it."""
        plan = compile_plan(load_document(self.created["document"], STREAMING), STREAMING)
        return State(plan, self._setup()).apply_all(map(_entry, self.events))

    def _setup(self) -> Setup:
        event = self.created["event"]
        return Setup(
            execution_id="EX1",
            created_at=EPOCH,
            options=ExecutionOptions.model_validate(self.created["options"]),
            event=FlowEvent(event[0], Value.of(event[1])) if event else None,
            external_events=[FlowEvent(name, Value.of(data)) for name, data in self.created["externalEvents"]],
        )


def _line(entry: Entry) -> Mapping[str, Any]:
    data = json.loads(entry.event.encode())
    return {"index": entry.index, "at": entry.at, "type": entry.event.kind, "data": data}


def _entry(line: Mapping[str, Any]) -> Entry:
    return Entry(line["index"], line["at"], decode(line["type"], line["data"]))


# --- what a state says ------------------------------------------------------------------------------------------------


def told(state: State) -> Mapping[str, Any]:
    """A state in JSON: all that people see of it, and all that the rest of its run depends on."""
    return {
        "status": state.status,
        "outputs": _data(state.outputs),
        "error": _error(state.error),
        "counts": [state.failed_node_count, state.failure_count, state.executing, state.unfinished],
        "times": [state.started_at, state.last_at, state.active_ms(state.last_at)],
        "nodes": {node.id: _node(state, state.nodes[node.number]) for node in state.plan.nodes},
        "pause": [state.is_draining, state.paused_by_parent, state.grants, _ids(state, state.granted)],
        "breakpoints": [sorted(state.breakpoints), _ids(state, state.halted), _ids(state, state.passed)],
        "signals": {name: [value.data for value in kept] for name, kept in state.kept.items()},
        "waits": {name: _ids(state, state.waiting_for(name)) for name in state.awaited},
        "children": list(state.children),
        "next": [_name(state, state.next_to_start(state.last_at)), _name(state, state.next_caller())],
    }


def _node(state: State, record: NodeRecord) -> Sequence[Any]:
    calls = record.calls and [record.calls.next, record.calls.open, sorted(record.calls.ends)]
    return [
        record.status, record.attempt, record.retries, _data(record.outputs), _error(record.error),
        record.started_at, record.completed_at, record.until, record.signal, record.spawned, calls,
    ]  # fmt: skip


def _data(values: Mapping[str, Value] | None) -> Mapping[str, Any] | None:
    return None if values is None else {name: value.data for name, value in values.items()}


def _error(error: ExecutionError | None) -> Sequence[str] | None:
    return None if error is None else [error.code, error.message]


def _ids(state: State, numbers: Any) -> list[str]:
    return [state.plan.nodes[number].id for number in numbers]


def _name(state: State, number: int | None) -> str | None:
    return None if number is None else state.plan.nodes[number].id


# --- the flows --------------------------------------------------------------------------------------------------------

Story = Callable[[Family], Awaitable[None]]


async def _nothing(family: Family) -> None:
    """Leave the family alone."""


PLAIN = flow(
    work("first", LONG, lasts=100, fails=1, retry=SOON), work("asleep", LONG, waits=5000), work("off", disabled=True),
    group("g"), work("m", "test.safe", parent="g", lasts=20), work("misfit"), work("saved"), work("skipped"),
    node("log", "debug.log", message="Hello"), output("o"),
    edges=[
        "first.x > asleep.a", "first.x > log.value", "first.y > misfit.n", "misfit.__error > saved.__execute",
        "misfit.x > skipped.a", "first.x > m.a", "asleep.x > o.value", "off.x > g.__after",
    ],
)  # fmt: skip

COMMANDED = flow(
    work("a", LONG, lasts=5000), work("b", LONG, lasts=5000), wait_for("w", "go", schema={"type": "number"}),
    wait_for("late", "go", timeoutMs=60_000, retry=SOON), output("o"), work("end", LONG),
    edges=[
        "a.x > b.a", "b.x > w.__after", "w.payload > o.value", "w.payload > late.__after", "late.payload > end.__after",
    ],
)  # fmt: skip


async def _command(family: Family) -> None:
    root = family.root
    root.send(SetBreakpoints(["b"]))
    root.send(Signal("go", Value.of("too early")))
    root.send(Signal("go", Value.of({"kept": [1.0, None]})))
    await until(lambda: "DEBUG_BREAKPOINT_HIT b" in root.story)
    root.send(Step())
    root.send(Pause("for a while"))
    await until(lambda: "NODE_STARTED b" in root.story)
    root.lose()
    await until(lambda: "NODE_COMPLETED b" in root.story)
    root.send(Resume())


async def _finish(family: Family) -> None:
    await _command(family)
    root = family.root
    await until(lambda: "NODE_WAITING w" in root.story)
    root.send(Signal("go", Value.of("no number")))
    root.send(Signal("go", Value.of(7)))


async def _leave_open(family: Family) -> None:
    await _command(family)
    root = family.root
    await until(lambda: "NODE_WAITING w" in root.story)
    root.send(Pause())
    root.send(Step())
    await until(lambda: root.story.count("FLOW_STEPPED") == 2)
    raise _Enough


async def _leave_calling(family: Family) -> None:
    await until(lambda: "NODE_FAILED bad" in family.root.story)
    raise _Enough


class _Enough(Exception):
    """The log is as it should be."""


PARENT = flow(
    emit("e", "red", {"n": 1}), node("map", "flow.map", flowId="leaf", items=[1, 2, 3], concurrency=2),
    node("again", "flow.repeat", flowId="leaf", inputs={"item": 0}, until="false", maxTimes=2),
    node("bad", "flow.call", flowId="bad", inputs={"item": 0}), work("saved"), output("o"),
    listen("l", "red"), work("tail", LONG, lasts=1000),
    edges=["map.results > o.value", "bad.__error > saved.__execute", "l.payload > tail.a"],
)  # fmt: skip


async def _stop_events(family: Family) -> None:
    await until(lambda: len(family.root.children) == 2)
    family.root.send(Stop("seen enough"))


FAILED = flow(work("a", LONG, lasts=1000, fails=-1), work("b", LONG, lasts=9000))

WRITES = [{"chunk": "a"}, {"many": [{"b": [1.0, None]}, "c"]}, {"resolve": 7}, 1000]

STREAMED = flow(
    writer("w", *WRITES, {"fail": ["No.", 1]}, retry=SOON), work("early", LONG, lasts=9000),
    reader("r"), node("buffer", "stream.buffer"), node("split", "stream.split"), output("o"),
    writer("broken", {"second": 1}, 10, {"fail": ["No.", 1]}), reader("lost"), work("saved"),
    edges=[
        "w.stream > r.stream", "w.stream > split.__execute", "r.pieces > split.array", "split.stream > buffer.stream",
        "buffer.array > o.value", "w.early > early.a", "broken.second > lost.stream", "broken.__error > saved.a",
        "lost.__error > saved.b",
    ],
)  # fmt: skip


async def _lose_streams(family: Family) -> None:
    root = family.root
    await until(lambda: root.story.count("NODE_STARTED early") == 2)
    root.lose()


FORKED = flow(
    work("two", LONG, lasts=20), work("one", LONG, lasts=10), group("g"), work("m", LONG, parent="g"), work("skipped"),
    work("again", LONG, lasts=100), output("o"),
    edges=[
        "one.x > again.a", "two.x > again.a", "one.__error > skipped.a", "g.__success > again.__execute",
        "again.x > o.value",
    ],
)  # fmt: skip


def _forked() -> Member:
    """A fork that begins at `again`, when it has ended."""
    original, fork = Family(FORKED, options=everything()), Family(FORKED, options=everything())
    run_virtual(original.live())
    left_out = downstream(original.root.plan, "again")
    fork.root.ledger.entries.extend(forked(original.root, FORKED, left_out).ledger.entries)
    run_virtual(fork.live())
    return fork.root


def families() -> Mapping[str, tuple[Document, Story, Mapping[str, Any]]]:
    """The flows by the name of their log."""
    return {
        "plain": (PLAIN, _nothing, {}),
        "commanded": (COMMANDED, _finish, {}),
        "open": (COMMANDED, _leave_open, {}),
        "calling": (PARENT, _leave_calling, {"flows": CALLED}),
        "parent": (PARENT, _nothing, {"flows": CALLED}),
        "events": (PARENT, _stop_events, {"flows": CALLED, "events": [("red", 1), ("red", None)]}),
        "failed": (FAILED, _nothing, {}),
        "streams": (STREAMED, _lose_streams, {"registry": STREAMING}),
    }


def remake(folder: Path) -> None:
    """Run everything and write the logs into a folder."""
    for name, (document, story, settings) in families().items():
        family = Family(document, options=everything(), **settings)
        run_virtual(_run(family, story))
        Golden.of(family.root, document).write(folder / f"{name}.jsonl")
        if name == "parent":
            child = next(child for child in family.root.children if child.spawn and child.spawn.event)
            Golden.of(child, document).write(folder / "child.jsonl")
    Golden.of(_forked(), FORKED).write(folder / "forked.jsonl")


async def _run(family: Family, story: Story) -> None:
    try:
        async with family.under_way():
            await story(family)
    except* _Enough:
        pass


if __name__ == "__main__":
    remake(FOLDER / VERSION)
