"""Runs documents of scripted nodes, and reads what became of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from engine.commands import Command, Recover, Start
from engine.entry import Entry
from engine.event import Event
from engine.events import NodeEvent, decode
from engine.options import ExecutionOptions
from engine.plan import Plan, compile_plan
from engine.registry import Registry
from engine.runner import Ending, Runner
from engine.state import Setup, State
from engine.status import ExecutionStatus, NodeStatus, RecordEvents
from engine.validation import load_document
from engine.values import Value
from tests.engine.scripted import SCRIPTED, Recorder
from tidegate.testing.memory import EPOCH, MemoryLedger, MemorySlot

WORKER = "worker-1"
START = Start(WORKER)

Document = Mapping[str, Any]


def work(node_id: str, type_: str = "test.instant", /, **settings: Any) -> dict[str, Any]:
    """A scripted node; what is no setting of the document goes into its script or its inputs."""
    known = ("retry", "timeoutMs", "parent", "disabled")
    inputs = {name: settings[name] for name in ("a", "b", "n", "items") if name in settings}
    script = {name: each for name, each in settings.items() if name not in known and name not in inputs}
    node = {name: settings[name] for name in known if name in settings}
    return {"id": node_id, "type": type_, "inputs": {**inputs, **({"does": script} if script else {})}, **node}


def group(node_id: str, **settings: Any) -> dict[str, Any]:
    """A group."""
    return {"id": node_id, "type": "group", **settings}


def output(node_id: str, **settings: Any) -> dict[str, Any]:
    """A flow.output that has the node's id as its name."""
    return {"id": node_id, "type": "flow.output", "inputs": {"name": node_id}, **settings}


def flow(*nodes: Mapping[str, Any], edges: Iterable[str] = ()) -> Document:
    """A document; edges are written `node.port > node.port`."""
    pairs = [edge.split(" > ") for edge in edges]
    return {
        "tidegate": 1,
        "name": "Test",
        "nodes": list(nodes),
        "edges": [{"from": source, "to": target} for source, target in pairs],
    }


def everything(**options: Any) -> ExecutionOptions:
    """Options that record all kinds of events."""
    return ExecutionOptions(**{"record_events": RecordEvents.ALL, **options})


@dataclass
class Run:
    """An execution that was run, or is about to be."""

    plan: Plan
    options: ExecutionOptions = field(default_factory=everything)
    recorder: Recorder = field(default_factory=Recorder)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    slot: MemorySlot = field(default_factory=MemorySlot)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    port_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    """What else the execution was created with, by the names of `Setup`."""
    state: State = field(init=False)
    ending: Ending | None = None

    def __post_init__(self) -> None:
        self.state = self.fresh_state()

    @classmethod
    def of(cls, document: Document, registry: Registry = SCRIPTED, **settings: Any) -> "Run":
        return cls(compile_plan(load_document(document, registry), registry), **settings)

    def fresh_state(self) -> State:
        """The execution as it was when it was created."""
        created = {"execution_id": "EX1", "created_at": EPOCH, **self.origin}
        setup = Setup(
            options=self.options,
            inputs={name: Value.of(data) for name, data in self.inputs.items()},
            port_values={
                node: {port: Value.of(data) for port, data in ports.items()} for node, ports in self.port_values.items()
            },
            integration=self.recorder,
            **created,
        )
        return State(self.plan, setup)

    def replayed(self, entries: Sequence[Entry] | None = None) -> State:
        """The state that the log tells, read back from what is stored."""
        return self.fresh_state().apply_all(map(stored, self.ledger.entries if entries is None else entries))

    def send(self, command: Command) -> None:
        """Put a command into the mailbox."""
        self.ledger.send(command)

    def runner(self, **settings: Any) -> Runner:
        return Runner(self.state, self.ledger, self.slot, **settings)

    async def go(self, recovery: Recover | None = None, **settings: Any) -> "Run":
        """Start the execution and run it until the runner lets go."""
        if not self.ledger.mailbox:
            self.send(START)
        self.ending = await self.runner(**settings).run(recovery)
        return self

    async def live(self, recovery: Recover | None = None, **settings: Any) -> "Run":
        """Run the execution to its end, through all releases, each time from what the log says."""
        await self.go(recovery, **settings)
        while self.ending is Ending.RELEASED:
            released = self.ledger.released
            assert released, "let go without a word to the ledger"
            assert released.wake_at is not None or released.requeue, "nobody will ever look at it again"
            await asyncio.sleep(max((released.wake_at or 0) - self.ledger.now(), 0) / 1000)
            self.state = self.replayed()
            await self.go(self.recovery(), **settings)
        return self

    def recovery(self) -> Recover | None:
        """What the next owner says first, if nodes were running."""
        return Recover("worker-2", None, self.state.failure_count) if self.state.executing else None

    # --- reading ------------------------------------------------------------------------------------------------------

    @property
    def events(self) -> list[Event]:
        return [entry.event for entry in self.ledger.entries]

    @property
    def story(self) -> list[str]:
        """The log in short, without edges and status changes: `NODE_STARTED a`."""
        return told(event for event in self.events if not event.kind.startswith(("EDGE_", "NODE_STATUS_")))

    @property
    def outputs(self) -> dict[str, Any]:
        return {name: value.data for name, value in (self.state.outputs or {}).items()}

    @property
    def statuses(self) -> dict[str, NodeStatus]:
        return {node.id: self.state.nodes[node.number].status for node in self.plan.nodes}

    @property
    def status(self) -> ExecutionStatus:
        return self.state.status

    def of_node(self, node_id: str, *kinds: type[NodeEvent]) -> list[Any]:
        """The node's events of these kinds, or all of them."""
        own = [event for event in self.events if isinstance(event, NodeEvent) and event.node_id == node_id]
        return [event for event in own if not kinds or isinstance(event, kinds)]

    def inputs_of(self, node_id: str) -> dict[str, Any]:
        """What the node was given in its last attempt."""
        inputs = self.state.nodes[self.plan.numbers[node_id]].inputs or {}
        return {port: value.data for port, value in inputs.items() if port != "does"}

    def at(self, kind: str, node_id: str | None = None) -> list[int]:
        """When events of this kind happened, in milliseconds since the execution was created."""
        return [
            entry.at - EPOCH
            for entry in self.ledger.entries
            if entry.event.kind == kind and node_id in (None, getattr(entry.event, "node_id", None))
        ]


def shown_outputs(run: Run) -> dict[str, dict[str, Any]]:
    """What each node gave, by port."""
    records = zip(run.plan.nodes, run.state.nodes, strict=True)
    return {node.id: {port: value.data for port, value in record.outputs.items()} for node, record in records}


def told(events: Iterable[Event]) -> list[str]:
    return [" ".join([event.kind, *([event.node_id] if isinstance(event, NodeEvent) else [])]) for event in events]


def stored(entry: Entry) -> Entry:
    """The entry as it comes back from the log."""
    return Entry(entry.index, entry.at, decode(entry.event.kind, entry.event.encode()))


async def run(document: Document, **settings: Any) -> Run:
    """Run a document to its end."""
    return await Run.of(document, **settings).live()


@asynccontextmanager
async def under_way(run: Run, **settings: Any) -> AsyncIterator[Runner]:
    """A runner that has been started; leaves when it has ended."""
    if not run.ledger.mailbox:
        run.send(START)
    runner = run.runner(**settings)
    task = asyncio.create_task(runner.run())
    yield runner
    run.ending = await task


async def until(condition: Callable[[], object]) -> None:
    """Let virtual time pass until this is true, and look the less often the longer that takes."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    while not condition():
        passed = loop.time() - begin
        assert passed < 24 * 3600, "it never came to that"
        await asyncio.sleep(max(0.001, passed / 1000))
