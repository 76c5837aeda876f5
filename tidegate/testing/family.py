"""A tree of executions in memory, each run to its end: what one spawns is run too."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.commands import Pause, Recover, Signal
from engine.document import FlowDocument
from engine.errors import InputError
from engine.host import Host
from engine.ledger import Append, Verdict
from engine.plan import Plan, compile_plan
from engine.reach import FindSecret, FoundFlow, Reach
from engine.registry import NodeTypes
from engine.runner import Ending, Runner
from engine.spawns import CalledFlow, Spawn
from engine.state import Setup, State
from engine.status import ExecutionStatus
from tidegate.testing.memory import MemoryLedger, MemorySlot
from tidegate.testing.relatives import child_setup, report, words_to_children
from tidegate.testing.start import START


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the members share; `flows` can be called, by their ids."""

    node_types: NodeTypes
    host: Host
    flows: Mapping[str, FlowDocument]
    find_secret: FindSecret

    def plan(self, document: FlowDocument) -> Plan:
        """A flow as members run it."""
        return compile_plan(document, self.node_types)

    async def find_flow(self, flow_id: str) -> FoundFlow:
        """As `FindFlow`."""
        if flow_id not in self.flows:
            raise InputError(f"Input 'flowId': there is no flow {flow_id!r}; the test gives it with flows=.")
        document = self.flows[flow_id]
        return FoundFlow(CalledFlow(flow_id, 1, document.name), document)


class FamilyLedger(MemoryLedger):
    """The ledger of a member, which tells its relatives what it appends."""

    def __init__(self, member: "Member") -> None:
        super().__init__()
        self._member = member

    async def append(self, append: Append) -> Verdict:
        """As `Ledger.append`."""
        if append.spawns and not self._member.family.afford(len(append.spawns)):
            return Verdict.OVER_BUDGET
        verdict = await super().append(append)
        if verdict is Verdict.COMMITTED:
            self._member.has_appended(append)
        return verdict


@dataclass(eq=False)
class Member:
    """One execution of a family."""

    family: "Family"
    plan: Plan
    setup: Setup
    parent: "Member | None" = None
    children: list["Member"] = field(default_factory=list)
    ledger: FamilyLedger = field(init=False)
    state: State = field(init=False)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: Runner | None = None

    def __post_init__(self) -> None:
        self.ledger = FamilyLedger(self)
        self.state = State(self.plan, self.setup)
        self.ledger.send(START)

    async def live(self) -> None:
        """Run to the end, through all releases."""
        while await self._run() is not Ending.ENDED:
            while not self.ledger.is_wanted:
                await self._rest()

    async def _run(self) -> Ending:
        around, failures = self.family.around, self.state.failure_count
        reach = Reach(find_flow=around.find_flow, find_secret=around.find_secret)
        self._runner = Runner(self.state, self.ledger, MemorySlot(), reach=reach, host=around.host)
        try:
            return await self._runner.run(Recover("test", None, failures) if self.state.executing else None)
        finally:
            self._runner = None

    async def _rest(self) -> None:
        self._bell.clear()
        try:
            async with asyncio.timeout(self.ledger.seconds_to_wake):
                await self._bell.wait()
        except TimeoutError:
            pass

    def ring(self) -> None:
        """Say that there is something new for it."""
        self._bell.set()
        if self._runner:
            self._runner.mail()

    def has_appended(self, append: Append) -> None:
        """Tell the relatives, and bring new children to life."""
        for child in self.children:
            for word in words_to_children(append):
                child.ledger.tell(word)
                child.ring()
        for spawn in append.spawns:
            self._spawn(spawn)
        self._take_signal()
        said = report(self.setup.execution_id, append)
        if said and self.parent:
            self.parent.ledger.tell(said)
            self.parent.ring()

    def _take_signal(self) -> None:
        """Get a signal that it waits for, one after the other."""
        has_mail = len(self.ledger.mailbox) > self.ledger.applied
        wanted = (each for each in self.family.signals if self.state.waiting_for(each.name))
        if not has_mail and (signal := next(wanted, None)):
            self.family.signals.remove(signal)
            self.ledger.send(signal)
            self.ring()

    def _spawn(self, spawn: Spawn) -> None:
        around = self.family.around
        plan = around.plan(around.flows[spawn.flow.flow_id]) if spawn.flow else self.plan
        child = Member(self.family, plan, child_setup(self.setup, spawn, self.ledger.now()), self)
        self.children.append(child)
        if self.state.status is ExecutionStatus.PAUSED:
            child.ledger.tell(Pause(by_parent=True))
        self.family.take_in(child)


class Family:
    """Runs a root and all that comes of it; each of the signals goes to the first that waits for it."""

    def __init__(self, around: Surroundings, signals: Sequence[Signal], max_children: int) -> None:
        self.around = around
        self.signals = list(signals)
        self._left = max_children
        self._tasks = asyncio.TaskGroup()

    async def live(self, root: Member) -> None:
        """Run the root, and return when everybody has ended."""
        async with self._tasks:
            self.take_in(root)

    def take_in(self, member: Member) -> None:
        """Run a member."""
        self._tasks.create_task(member.live())

    def afford(self, children: int) -> bool:
        """Take so many children from the tree's budget; False if they are too many."""
        if children > self._left:
            return False
        self._left -= children
        return True
