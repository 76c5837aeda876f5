"""The signal-gated workflow: what a worker does with one execution that it has claimed.

It rebuilds the state from the log, waits for the start, runs the nodes, and lets go when the execution ends or only
waits. Everything that it knows it could forget: the log has it.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import asyncpg

from engine.capability import unknown_format
from engine.closing import fail_flow
from engine.commands import Recover, Stop
from engine.crashes import end_as_crashed, is_convicted, is_suspect
from engine.entry import Entry
from engine.errors import ClaimLost, ValueRefused
from engine.events import FlowCancelled, FlowFailed, TerminalEvent
from engine.host import Host
from engine.ledger import Append, Verdict
from engine.reach import Reach
from engine.records import ExecutionError
from engine.registry import Registry
from engine.runner import Runner
from engine.state import State
from engine.status import ErrorCode, ExecutionCommand
from jobs.clock import DatabaseClock
from jobs.declining import Declined
from jobs.family import Family
from jobs.finding import FlowFinder
from jobs.heartbeat import Heartbeat
from jobs.isolation import Cell, Isolation
from jobs.journal import Journal
from jobs.ledger import DurableLedger
from jobs.letters import Mail
from jobs.loading import Loader
from jobs.mailroom import Mailroom
from jobs.run_trace import RunTrace
from jobs.secret_finding import SecretFinder
from jobs.slots import NoPlace, Place
from jobs.whereabouts import enter_execution
from storage.capability import Kind
from storage.claims import Claim
from storage.inbox import InboxKind
from storage.pool import DATABASE_TROUBLE
from storage.versions import Version, Versions

logger = logging.getLogger(__name__)

SET_ASIDE_SECONDS = 30
OUTAGE_SECONDS = 0.5
TURN_SECONDS = 1
"""When a suspect is looked at again for which there was no place to run alone."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all executions of a worker share; without `isolation` they are all run here, suspects too."""

    worker_id: str
    pool: asyncpg.Pool
    versions: Versions
    loader: Loader
    finder: FlowFinder
    secrets: SecretFinder
    family: Family
    journal: Journal
    mailroom: Mailroom
    clock: DatabaseClock
    heartbeat: Heartbeat
    http_allow: frozenset[str]
    host: Host
    registry: Registry
    declined: Declined
    isolation: Isolation | None = None


class Workflow:
    """One claimed execution, from its claim to its release."""

    def __init__(self, shop: Workshop, claim: Claim, place: Place | NoPlace, *, warm_seconds: float) -> None:
        self._shop = shop
        self._claim = claim
        self._place = place
        self._warm_seconds = warm_seconds
        self._ledger = DurableLedger(
            claim, shop.journal, shop.mailroom, shop.loader, shop.clock, shop.heartbeat, shop.worker_id
        )
        self._runner: Runner | None = None
        self._cell: Cell | None = None
        self._is_leaving = False
        self._has_news = False

    @property
    def execution_id(self) -> str:
        """The execution that was claimed."""
        return self._claim.execution_id

    @property
    def was_handed_on(self) -> bool:
        """True once the execution was let go of for others to take up at once."""
        return self._ledger.was_handed_on or (self._cell is not None and self._cell.has_freed)

    def leave(self) -> None:
        """Ask for the execution to be given back soon, because the worker goes away."""
        self._is_leaving = True
        if self._runner:
            self._runner.release()
        if self._cell:
            self._cell.leave()

    async def run(self) -> None:
        """Run until the execution ends or is released. Nothing is raised: what goes wrong is logged or recorded."""
        enter_execution(self._claim.execution_id)
        self._shop.mailroom.enter(self._claim.execution_id, self._mail)
        try:
            self._ledger.trace = await RunTrace.begin(self._claim, self._shop.worker_id, self._shop.pool)
            while not await self._prepare_and_run():
                await asyncio.sleep(OUTAGE_SECONDS)
        except ClaimLost:
            logger.info("%s belongs to another worker now.", self._claim.execution_id)
        except ValueRefused as error:
            await self._fail(ExecutionError(code=ErrorCode.PAYLOAD, message=error.message))
        except Exception:
            await self._fail_for_unknown_reason()
        finally:
            self._shop.mailroom.leave(self._claim.execution_id, self._mail)
            self._place.free()
            if self._ledger.trace:
                self._ledger.trace.end()

    def _mail(self) -> None:
        """Take note that the mailbox has more than the claim brought along."""
        self._has_news = True
        if self._runner:
            self._runner.mail()

    async def hand_on(self) -> None:
        """Let go of the execution at once, for whoever has a place for it."""
        try:
            with suppress(ClaimLost):
                await self._ledger.append(Append(release=True, requeue=True))
        except Exception:
            logger.exception("%s could not be handed on; it is found and freed later.", self._claim.execution_id)

    async def _prepare_and_run(self) -> bool:
        """Run to the end or to a release; False if the database could not be read."""
        try:
            version = await self._version()
            shortfall = unknown_format(self._claim.log_format) or version.shortfall
            if shortfall and not await self._is_to_be_ended_here(shortfall):
                return True
            loaded = await self._shop.loader.load(self._claim, version.plan)
        except DATABASE_TROUBLE as error:
            logger.warning("%s cannot be loaded (%s: %s).", self._claim.execution_id, type(error).__name__, error)
            return False
        self._ledger.knows(loaded.payloads)
        await self._judge(loaded.state)
        return True

    async def _version(self) -> Version:
        return await self._shop.versions.get(self._claim.flow_id, self._claim.flow_version)

    async def _is_to_be_ended_here(self, shortfall: str) -> bool:
        """Leave to others what this worker cannot run.

        True if it is not left, because it was told to stop and nobody else can do that. To fold its log and end it, no
        node has to be known; if its log cannot be read either, all that is known is where it ends.
        """
        is_for_others = await self._shop.declined.add(Kind.of(self._claim), shortfall)
        if is_for_others or not self._is_stopped:
            await self.hand_on()
            return False
        self._place.free()
        self._place = NoPlace()
        if unknown_format(self._claim.log_format) is None:
            return True
        asked = (letter.command for letter in await self._ledger.letters())
        reason = next((command.reason for command in asked if isinstance(command, Stop)), None)
        await self._end_unread(FlowCancelled(reason=reason, execution_time=0.0))
        return False

    async def _judge(self, state: State) -> None:
        """Run it among the others, or alone, or not at all, by what became of the processes that ran it.

        What is stopped, or has no place, runs no node, so it may be dealt with anywhere.
        """
        isolation, recovery = self._shop.isolation, self._recovery(state)
        if isolation is None or self._is_stopped or isinstance(self._place, NoPlace):
            await self._run(state, recovery)
        elif is_convicted(state, recovery):
            now = max(self._ledger.now(), state.last_at)
            await self._append_end(end_as_crashed(state, recovery, now))
        elif is_suspect(state, recovery):
            await self._run_alone(isolation)
        else:
            await self._run(state, recovery)

    @property
    def _is_stopped(self) -> bool:
        asked = any(row.command is ExecutionCommand.STOP for row in self._claim.mail)
        return asked or any(row.kind is InboxKind.STOP for row in self._claim.inbox)

    async def _run_alone(self, isolation: Isolation) -> None:
        self._cell = isolation.enter(self._claim)
        if self._cell is None:
            await self._set_aside(TURN_SECONDS)
            return
        if self._is_leaving:
            self._cell.leave()
        await self._cell.run()
        # Its process has the claim, unless it did not get that far.
        await (self.hand_on() if self._is_leaving else self._set_aside(SET_ASIDE_SECONDS))

    async def _run(self, state: State, recovery: Recover | None) -> None:
        claim = self._claim
        brought = await self._ledger.opened(Mail(claim.mail, claim.inbox))
        self._runner = runner = Runner(
            state,
            self._ledger,
            self._place,
            warm_seconds=self._warm_seconds,
            reach=Reach(
                self._shop.http_allow,
                partial(self._shop.finder.find, claim.owner_id, claim.created_at),
                partial(self._shop.secrets.find, claim.owner_id),
                self._shop.registry,
            ),
            host=self._shop.host,
        )
        if self._is_leaving:
            runner.release()
        known = None if self._has_news else brought
        await runner.run(recovery, known)

    def _recovery(self, state: State) -> Recover | None:
        """What to record first, if another worker left this execution in the middle of something."""
        lost = self._claim.lost_worker_id
        if lost is None and state.executing == 0:
            return None
        count = self._claim.failure_count + (lost is not None)
        return Recover(self._shop.worker_id, lost, count, alone=self._claim.lost_alone is not None)

    async def _set_aside(self, seconds: int) -> None:
        """Let go of the execution, and have it looked at again later."""
        wake_at = self._shop.clock.now() + seconds * 1000
        await self._ledger.append(Append(release=True, wake_at=wake_at))

    async def _fail_for_unknown_reason(self) -> None:
        incident = uuid4().hex[:12]
        logger.exception("%s cannot go on (incident %s).", self._claim.execution_id, incident)
        message = f"An internal error ended the execution; the worker's log has it as incident {incident}."
        await self._fail(ExecutionError(code=ErrorCode.CRASH, message=message))

    async def _fail(self, error: ExecutionError) -> None:
        """End the execution as failed, on top of what its log has."""
        try:
            while not await self._is_failed(error):
                await asyncio.sleep(OUTAGE_SECONDS)
        except ClaimLost:
            logger.info("%s belongs to another worker now.", self._claim.execution_id)
        except Exception:
            logger.exception("The log of %s cannot be folded.", self._claim.execution_id)
            await self._end_unread(FlowFailed(error=error, execution_time=0.0))

    async def _is_failed(self, error: ExecutionError) -> bool:
        """Write the end; False if the database could not be read."""
        await self._ledger.settled()
        try:
            state = await self._shop.loader.replay(self._claim, (await self._version()).plan)
        except DATABASE_TROUBLE:
            return False
        await self._append_end(self._failure(state, error))
        return True

    async def _end_unread(self, event: TerminalEvent) -> None:
        """End an execution whose log cannot be folded: all that is known is where it ends."""
        try:
            entry = Entry(self._ledger.next_index, self._ledger.now(), event)
            await self._append_end([entry])
        except Exception:
            logger.exception("%s could not be ended; it is found and freed later.", self._claim.execution_id)

    async def _append_end(self, entries: Sequence[Entry]) -> None:
        """Write the end; it acknowledges whatever the mailbox has, also what comes in meanwhile."""
        verdict = Verdict.INTERRUPTED
        while verdict is not Verdict.COMMITTED:
            mail = await self._ledger.letters()
            seen = max((letter.seq for letter in mail), default=0)
            verdict = await self._ledger.append(Append(entries, consumed=seen, seen=seen, release=True))

    def _failure(self, state: State, error: ExecutionError) -> list[Entry]:
        now = max(self._ledger.now(), state.last_at)
        first = state.last_index + 1
        return [Entry(first + offset, now, event) for offset, event in enumerate(fail_flow(state, error, now).events)]
