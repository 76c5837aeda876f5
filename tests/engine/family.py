"""A tree of executions in memory: what appends spawn is run, and the members tell each other what the engine says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from typing import Any

from engine.commands import Command, Pause, Recover
from engine.entry import Entry
from engine.errors import ClaimLost, InputError
from engine.events import (
    ChildExecutionSpawned,
    TerminalEvent,
)
from engine.ledger import Append, Verdict
from engine.options import ExecutionOptions
from engine.plan import Plan, compile_plan
from engine.reach import FoundFlow, Reach
from engine.registry import Registry
from engine.runner import Ending, Runner
from engine.spawns import CalledFlow, FlowEvent, Spawn
from engine.status import ExecutionStatus
from engine.validation import load_document
from engine.values import Value
from tests.engine.facts import facts
from tests.engine.running import START, WORKER, Document, Run, everything
from tests.engine.scripted import SCRIPTED
from tidegate.testing.memory import MemoryLedger
from tidegate.testing.relatives import child_options, report, words_to_children

OWN_FLOW = "FL-own"


class Fault(Enum):
    """When a worker is lost: before what it appends is in the log, or right after."""

    BEFORE = auto()
    AFTER = auto()


class FamilyLedger(MemoryLedger):
    """The log, the mailbox and the inbox of one member; the family hears of each append."""

    def __init__(self, family: "Family") -> None:
        super().__init__()
        self.is_lost = False
        self.committed: list[Append] = []
        self.on_append: Callable[[Append], None] = lambda append: None
        self._family = family

    async def append(self, append: Append) -> Verdict:
        await asyncio.sleep(self._family.seconds)
        fault = self._family.next_fault()
        self.is_lost = self.is_lost or fault is Fault.BEFORE
        if self.is_lost:
            raise ClaimLost
        if append.spawns and not self._family.afford(len(append.spawns)):
            return Verdict.OVER_BUDGET
        assert all(number <= self.told for number in append.read), "acknowledges what was never told"
        verdict = await super().append(append)
        if verdict is Verdict.COMMITTED:
            self.committed.append(append)
            self.on_append(append)
        if fault is Fault.AFTER:
            self.is_lost = True
            raise ClaimLost
        return verdict


@dataclass
class Member(Run):
    """One execution of a family; `runner` is the run that it is in, if it is in one."""

    parent: "Member | None" = None
    spawn: Spawn | None = None
    children: list["Member"] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    active: Runner | None = None
    work: "asyncio.Task[Ending] | None" = None

    @property
    def id(self) -> str:
        return self.state.setup.execution_id

    @property
    def log(self) -> "FamilyLedger":
        assert isinstance(self.ledger, FamilyLedger)
        return self.ledger

    @property
    def has_ended(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], TerminalEvent)

    @property
    def told_status(self) -> ExecutionStatus:
        """What the log says."""
        return next((event.enters for event in reversed(self.events) if event.enters), ExecutionStatus.CREATED)

    @property
    def descendants(self) -> "list[Member]":
        """All below it, level after level within each branch."""
        return [member for child in self.children for member in (child, *child.descendants)]

    def send(self, command: Command) -> None:
        super().send(command)
        self.ring()

    def tell(self, command: Command) -> None:
        """Say something as a relative does."""
        if not self.has_ended:
            self.log.tell(command)
            self.ring()

    def ring(self) -> None:
        self.bell.set()
        if self.active:
            self.active.mail()

    def lose(self) -> None:
        """Kill the worker that runs it; what it has not appended is gone."""
        assert self.work
        self.log.is_lost = True
        self.work.cancel()


class Family:
    """A root and all that it spawns, each run by a worker of its own until it ends."""

    def __init__(
        self,
        document: Document,
        *,
        flows: Mapping[str, Document] | None = None,
        events: Sequence[tuple[str, Any]] = (),
        options: ExecutionOptions | None = None,
        warm_seconds: float = 2.0,
        seconds: float = 0,
        faults: Mapping[int, Fault] | None = None,
        registry: Registry = SCRIPTED,
        **settings: Any,
    ) -> None:
        self.flows = flows or {}
        self.warm_seconds = warm_seconds
        self.seconds = seconds
        self.members: dict[str, Member] = {}
        self.spawned = 0
        self._faults = faults or {}
        self._appends = count()
        self._tasks: asyncio.TaskGroup | None = None
        self._registry = registry
        self._plans = {flow_id: self._plan(each) for flow_id, each in self.flows.items()}
        given = tuple(FlowEvent(name, Value.of(payload)) for name, payload in events)
        origin = {"execution_id": "EX-root", "root_execution_id": "EX-root", "external_events": given}
        ledger = FamilyLedger(self)
        self.root = Member(self._plan(document), options or everything(), ledger=ledger, origin=origin, **settings)
        self._enter(self.root)

    def _plan(self, document: Document) -> Plan:
        return compile_plan(load_document(document, self._registry), self._registry)

    # --- running ------------------------------------------------------------------------------------------------------

    async def live(self) -> "Family":
        """Start the root and wait until everybody has ended."""
        async with self.under_way():
            pass
        return self

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """The family from the start of its root; leaves when everybody has ended."""
        async with asyncio.TaskGroup() as self._tasks:
            self.root.send(START)
            self._tasks.create_task(self._work_at(self.root))
            yield

    async def _work_at(self, member: Member) -> None:
        """Run one member, through all releases and losses, each time from what its log says."""
        recovery = None
        while member.ending is not Ending.ENDED:
            member.state = member.replayed()
            member.active = member.runner(warm_seconds=self.warm_seconds, reach=Reach(find_flow=self._find_flow))
            member.work = asyncio.create_task(member.active.run(recovery))
            try:
                await asyncio.wait([member.work])
            finally:
                member.work.cancel()
                member.active = None
            recovery = await self._after_work(member, member.work)

    async def _after_work(self, member: Member, work: "asyncio.Task[Ending]") -> Recover | None:
        """Wait until somebody has to look at a member that nobody works at; what that worker records first."""
        if work.cancelled() or isinstance(work.exception(), ClaimLost):
            return await self._taken_over(member)
        member.ending = work.result()
        assert facts(member.state) == facts(member.replayed()), "the log does not tell what the run knew"
        return await self._picked_up(member)

    async def _picked_up(self, member: Member) -> Recover | None:
        while member.ending is not Ending.ENDED and not member.ledger.is_wanted:
            member.bell.clear()
            await self._rung(member)
        return Recover("worker-2", None, member.state.failure_count) if member.state.executing else None

    async def _rung(self, member: Member) -> None:
        try:
            async with asyncio.timeout(member.ledger.seconds_to_wake):
                await member.bell.wait()
        except TimeoutError:
            pass

    async def _taken_over(self, member: Member) -> Recover:
        """Another worker finds out some time later; what has ended nobody takes up."""
        await asyncio.sleep(1)
        member.log.is_lost = False
        member.state = member.replayed()
        member.ending = Ending.ENDED if member.has_ended else None
        return Recover("worker-2", WORKER, member.state.failure_count + 1)

    async def _find_flow(self, flow_id: str) -> FoundFlow:
        if flow_id not in self.flows:
            raise InputError(f"Input 'flowId': there is no flow {flow_id!r}.")
        document = load_document(self.flows[flow_id], self._registry)
        return FoundFlow(CalledFlow(flow_id, 1, document.name), document)

    # --- what appends do to others ------------------------------------------------------------------------------------

    def next_fault(self) -> Fault | None:
        """What becomes of the worker that appends now."""
        return self._faults.get(next(self._appends))

    def afford(self, children: int) -> bool:
        """Take so many children from the tree's budget; False, with nothing taken, if they are too many."""
        if self.spawned + children > self.root.options.max_children:
            return False
        self.spawned += children
        return True

    def _enter(self, member: Member) -> None:
        assert member.id not in self.members, "spawned twice"
        self.members[member.id] = member
        member.log.on_append = lambda append: self._committed(member, append)

    def _committed(self, member: Member, append: Append) -> None:
        told = [entry.event.child_execution_id for entry in append.entries if _is_spawn(entry)]
        assert told == [spawn.child_id for spawn in append.spawns], "the log and the children differ"
        for child in member.children:
            for word in words_to_children(append):
                child.tell(word)
        for spawn in append.spawns:
            self._spawn(member, spawn)
        said = report(member.id, append)
        if said and member.parent:
            member.parent.tell(said)

    def _spawn(self, parent: Member, spawn: Spawn) -> None:
        keys = [child.spawn.key for child in parent.children if child.spawn]
        assert spawn.key not in keys, "a key was used twice"
        child = self._child(parent, spawn)
        parent.children.append(child)
        self._enter(child)
        child.send(START)
        if parent.told_status is ExecutionStatus.PAUSED:
            child.tell(Pause(by_parent=True))
        assert self._tasks
        self._tasks.create_task(self._work_at(child))

    def _child(self, parent: Member, spawn: Spawn) -> Member:
        """What a spawn does not say, a child has from its parent."""
        origin = {
            "execution_id": spawn.child_id,
            "created_at": parent.ledger.now(),
            "root_execution_id": self.root.id,
            "parent_execution_id": parent.id,
            "depth": parent.state.setup.depth + 1,
            "event": spawn.event,
        }
        given = parent.inputs if spawn.inputs is None else {name: value.data for name, value in spawn.inputs.items()}
        return Member(
            self._plans[spawn.flow.flow_id] if spawn.flow else parent.plan,
            child_options(parent.options, spawn),
            ledger=FamilyLedger(self),
            inputs=given,
            port_values={} if spawn.flow else parent.port_values,
            origin=origin,
            parent=parent,
            spawn=spawn,
        )


def _is_spawn(entry: Entry) -> bool:
    return isinstance(entry.event, ChildExecutionSpawned)
