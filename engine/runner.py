"""One execution being run: decide, fold, start nodes, write the log; again and again until it ends or rests."""

import asyncio
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto

from engine.attempts import EFFECT_CHECK_SECONDS, Attempts
from engine.commands import Advance, Command, NodeLogged, NodeOutcome, NodeResolved, NodeWrote, Recover
from engine.decide import decide
from engine.decision import Decision
from engine.entry import Entry
from engine.event import Event
from engine.events import NodeOutputChunk, NodeStarted
from engine.host import Host
from engine.ledger import Ledger, Letter, Slot
from engine.plan import PlanNode
from engine.reach import Reach
from engine.state import State
from engine.status import ExecutionStatus, NodeStatus
from engine.stream_reading import StreamReading
from engine.writer import Writer

ADVANCE = Advance()
NOTHING_BEYOND = Reach()


class Ending(Enum):
    """How a run ended: the execution is over, or rests and belongs to nobody."""

    ENDED = auto()
    RELEASED = auto()


class Runner:
    """Runs one claimed execution until it ends or is released.

    Pure nodes run ahead of the log; a node with effects starts only when its own NODE_STARTED is committed. Once a
    worker was lost every node waits for that: if it takes its process down, the log must say which it was. Raises
    `ClaimLost` when another worker has taken over. An execution that only waits gives its slot back at once, and is
    released when nothing has happened for `warm_seconds`. Without a slot no node is started: whatever else there is to
    record is recorded, and then the execution is left to whoever has one.
    """

    def __init__(
        self,
        state: State,
        ledger: Ledger,
        slot: Slot,
        *,
        warm_seconds: float = 2.0,
        reach: Reach = NOTHING_BEYOND,
        host: Host | None = None,
    ) -> None:
        self.state = state
        self._ledger = ledger
        self._slot = slot
        self._warm_seconds = warm_seconds
        self._bell = asyncio.Event()
        self._writer = Writer(ledger, state.last_index, self._bell.set)
        self._streams = StreamReading(state, ledger, lambda: self._writer.committed)
        self._attempts = Attempts(
            state, self._report, self._now, ledger.may_start_effects, reach, self._streams, host or Host()
        )
        self._outcomes: deque[NodeOutcome] = deque()
        self._effects: deque[tuple[int, NodeStarted]] = deque()
        self._resuming: set[int] = set()
        self._seen = 0
        self._acknowledged = 0
        self._read: set[int] = set()
        self._has_mail = True
        self._releasing = False
        self._has_place = self._needs_place = False
        self._latest = state.last_at

    # --- from outside -------------------------------------------------------------------------------------------------

    def mail(self) -> None:
        """Say that the mailbox may have something new."""
        self._has_mail = True
        self._bell.set()

    def release(self) -> None:
        """Ask the run to give its execution back soon, because the worker goes away."""
        self._releasing = True
        self._bell.set()

    async def run(self, recovery: Recover | None = None, letters: Sequence[Letter] | None = None) -> Ending:
        """Run to the end or to a release. `letters` are the commands already known, if they were read before."""
        try:
            if recovery:
                self._follow(recovery)
            return await self._turn(letters)
        finally:
            await self._attempts.cancel()
            await self._writer.abandon()

    # --- the loop -----------------------------------------------------------------------------------------------------

    async def _turn(self, letters: Sequence[Letter] | None) -> Ending:
        known = letters
        while True:
            self._bell.clear()
            self._has_place, self._needs_place = self._slot.take(), False
            held = await self._open_mail(known) or self._settle()
            known = None
            if held is not None:
                if await self._conclude(held):
                    return Ending.ENDED
                continue
            self._writer.flush_soon()
            self._start_effects()
            self._resume_returned()
            self._streams.stir()
            if self._needs_place:
                if await self._let_go(requeue=True):
                    return Ending.RELEASED
            elif self._writer.is_full:
                await self._writer.flushed()
            elif self._is_resting or self._releasing:
                if await self._rest():
                    return Ending.RELEASED
            elif not self._outcomes:
                await self._listen(self._seconds_to_next())

    async def _open_mail(self, known: Sequence[Letter] | None) -> Decision | None:
        """Apply the commands that came in; the decision that ends the execution, if one does."""
        if not self._has_mail:
            return None
        self._has_mail = False
        letters = known if known is not None else await self._ledger.letters()
        for letter in filter(self._is_new, letters):
            self._seen = max(self._seen, letter.seq)
            now = self._now()
            decision = decide(self.state, letter.command, now)
            if decision.closing:
                # What came after the end was asked for has nothing left to change: the end acknowledges it too.
                self._seen = max(each.seq for each in (*letters, Letter(self._seen, letter.command)))
                return decision
            self._record(decision.events, now)
            self._acknowledge(letter)
        return None

    def _acknowledge(self, letter: Letter) -> None:
        self._acknowledged = max(self._acknowledged, letter.seq)
        if letter.inbox:
            self._read.add(letter.inbox)
        self._writer.acknowledge(letter.seq, letter.inbox)

    def _is_new(self, letter: Letter) -> bool:
        return letter.inbox not in self._read if letter.inbox else letter.seq > self._seen

    def _settle(self) -> Decision | None:
        """Do all that can be done now; the decision that has to wait for the log, if it comes to that."""
        now = self._now()
        while not self._writer.is_full:
            command: Command = ADVANCE
            if self._outcomes:
                # Only where a node has run has time gone by.
                command, now = self._next_outcome(), self._now()
            decision = decide(self.state, command, now)
            if decision.closing or decision.spawns:
                return decision
            if command is ADVANCE and not self._may_follow(decision):
                return None
            self._record(decision.events, now)
        return None

    def _may_follow(self, decision: Decision) -> bool:
        """Whether there is something to do, for which a place is needed where a node would start."""
        if self._has_place or not decision.events:
            return bool(decision.events)
        self._needs_place = any(isinstance(event, NodeStarted) for event in decision.events)
        return not self._needs_place

    def _next_outcome(self) -> NodeOutcome:
        outcome = self._outcomes.popleft()
        if type(outcome) is NodeLogged:
            self._attempts.logs.taken(outcome)
        elif type(outcome) is NodeWrote:
            self._attempts.taken(outcome)
        elif self._resuming and type(outcome) is not NodeResolved:
            self._resuming.discard(outcome.node)
        return outcome

    def _follow(self, command: Command) -> None:
        now = self._now()
        self._record(decide(self.state, command, now).events, now)

    def _record(self, events: Sequence[Event], now: int) -> None:
        entries, state = [], self.state
        for event in events:
            entry = Entry(state.last_index + 1, now, event)
            state.apply(entry)
            entries.append(entry)
            if type(event) is NodeStarted:
                self._start(entry.index, event)
            elif type(event) is NodeOutputChunk:
                self._streams.note(entry, event)
        if state.voided:
            self._drop_voided()
        if entries:
            self._writer.put(entries)

    def _entries(self, events: Sequence[Event], now: int) -> list[Entry]:
        first = self.state.last_index + 1
        return [Entry(first + offset, now, event) for offset, event in enumerate(events)]

    def _now(self) -> int:
        """The ledger's time, which for a run never goes back: what has been reached stays reached."""
        now = self._ledger.now()
        if now > self._latest:
            self._latest = now
        return self._latest

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _start(self, index: int, event: NodeStarted) -> None:
        node = self.state.plan.node(event.node_id)
        if node.is_group:
            return
        if node.node_type.safe and not self.state.failure_count:
            self._attempt(node, event)
        else:
            self._effects.append((index, event))

    def _attempt(self, node: PlanNode, event: NodeStarted) -> None:
        if outcome := self._attempts.start(node, event.attempt, event.inputs):
            self._outcomes.append(outcome)

    def _start_effects(self) -> None:
        """Start the nodes whose start the log has, while the lease is certain."""
        while self._effects and self._effects[0][0] <= self._writer.committed and self._ledger.may_start_effects():
            event = self._effects.popleft()[1]
            node = self.state.plan.node(event.node_id)
            record = self.state.nodes[node.number]
            if record.status is NodeStatus.EXECUTING and record.attempt == event.attempt:
                self._attempt(node, event)

    def _drop_voided(self) -> None:
        """Cancel what runs with something that was taken back."""
        for number in self.state.voided:
            self._attempts.drop(number)
            self._resuming.discard(number)
        self.state.voided.clear()

    def _resume_returned(self) -> None:
        """Go on with the nodes all of whose calls have ended."""
        for number in sorted(self.state.returned - self._resuming):
            self._resuming.add(number)
            self._attempts.resume(number)

    def _report(self, outcome: NodeOutcome) -> None:
        self._outcomes.append(outcome)
        self._bell.set()

    # --- waiting and ending -------------------------------------------------------------------------------------------

    @property
    def _is_resting(self) -> bool:
        is_at_work = self.state.executing > 0 or self._outcomes or self._resuming
        return not is_at_work and self._writer.is_idle

    def _seconds_to_next(self) -> float | None:
        """How long until time itself makes something happen; None if only others can."""
        if self._effects and self._effects[0][0] <= self._writer.committed:
            return EFFECT_CHECK_SECONDS
        wake_at = self._wake_at()
        return None if wake_at is None else max(wake_at - self._now(), 0) / 1000

    def _wake_at(self) -> int | None:
        """When a start timeout, a wait or the flow's time limit is due, in milliseconds since 1970."""
        state = self.state
        if state.status is ExecutionStatus.CREATED:
            return state.setup.created_at + state.setup.options.start_timeout_ms
        is_running = state.status is ExecutionStatus.RUNNING
        may_retry = (is_running or state.grants) and state.has_place
        waits = (state.next_due(), state.next_retry() if may_retry else None)
        times = [wait[0] for wait in waits if wait]
        if state.executing and is_running:
            now = self._now()
            times.append(now + max(state.flow_timeout_ms - state.active_ms(now), 0))
        return min(times, default=None)

    async def _listen(self, seconds: float | None) -> None:
        """Wait for the bell, at most so long."""
        if self._bell.is_set():
            return
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            pass

    async def _rest(self) -> bool:
        """Wait a while without a slot, then let go of the execution; True if it was let go."""
        if self._releasing:
            return await self._let_go(requeue=True)
        self._slot.free()
        seconds = self._seconds_to_next()
        is_short = seconds is not None and seconds <= self._warm_seconds
        await self._listen(seconds if is_short else self._warm_seconds)
        return not self._bell.is_set() and not is_short and await self._let_go(requeue=False)

    async def _let_go(self, *, requeue: bool) -> bool:
        """Release the execution; False if a command came in, which a requeue leaves to the next owner."""
        await self._attempts.cancel()
        seen = None if requeue else self._seen
        wake_at = None if requeue else self._wake_at()
        self._has_mail = True
        return await self._writer.close((), seen=seen, wake_at=wake_at, requeue=requeue)

    async def _conclude(self, decision: Decision) -> bool:
        """Write a decision that has to wait for the log; True if it ended the execution."""
        if decision.closing:
            return await self._close(decision)
        entries = self._entries(decision.events, self._now())
        if await self._writer.spawn(entries, decision.spawns):
            self.state.apply_all(entries)
            return False
        now = self._now()
        instead = decide(self.state, decision.otherwise or ADVANCE, now)
        if instead.awaits_log:
            return await self._conclude(instead)
        self._record(instead.events, now)
        return False

    async def _close(self, decision: Decision) -> bool:
        """Write the end; False if a command came in, which goes first."""
        await self._attempts.cancel()
        entries = self._entries(decision.events, self._now())
        if await self._writer.close(entries, consumed=self._seen, seen=self._seen):
            self.state.apply_all(entries)
            return True
        self._seen = self._acknowledged
        self._has_mail = True
        return False
