"""The signal-gated workflow: what a worker does with one execution that it has claimed.

It rebuilds the state from the log, waits for the start, runs the nodes, and lets go when the execution ends or only
waits. Everything that it knows it could forget: the log has it.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg

from engine.commands import Recover
from engine.decide import fail_flow
from engine.entry import Entry, milliseconds
from engine.errors import ClaimLost, ValueRefused
from engine.events import ExecutionError, decode
from engine.ledger import Append, Verdict
from engine.plan import Plan
from engine.registry import Registry
from engine.runner import Runner
from engine.state import Setup, State
from engine.status import ErrorCode
from engine.values import Value
from jobs.clock import DatabaseClock
from jobs.heartbeat import Heartbeat
from jobs.journal import Journal
from jobs.ledger import DurableLedger
from jobs.mailroom import Mailroom, letters
from jobs.plans import Plans
from jobs.slots import Place
from storage.claims import Claim
from storage.events import read_events
from storage.payloads import load_payload_texts

logger = logging.getLogger(__name__)

PAGE = 5000
SET_ASIDE_SECONDS = 30
OUTAGE_SECONDS = 0.5
OUTAGE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all executions of a worker share."""

    worker_id: str
    pool: asyncpg.Pool
    registry: Registry
    plans: Plans
    journal: Journal
    mailroom: Mailroom
    clock: DatabaseClock
    heartbeat: Heartbeat
    http_allow: frozenset[str]


class Workflow:
    """One claimed execution, from its claim to its release."""

    def __init__(self, shop: Workshop, claim: Claim, place: Place, *, warm_seconds: float) -> None:
        self._shop = shop
        self._claim = claim
        self._place = place
        self._warm_seconds = warm_seconds
        self._ledger = DurableLedger(claim, shop.journal, shop.mailroom, shop.clock, shop.heartbeat)
        self._runner: Runner | None = None
        self._is_leaving = False
        self._has_news = False

    @property
    def was_handed_on(self) -> bool:
        """True once the execution was let go of for others to take up at once."""
        return self._ledger.was_handed_on

    def leave(self) -> None:
        """Ask for the execution to be given back soon, because the worker goes away."""
        self._is_leaving = True
        if self._runner:
            self._runner.release()

    async def run(self) -> None:
        """Run until the execution ends or is released. Nothing is raised: what goes wrong is logged or recorded."""
        self._shop.mailroom.enter(self._claim.execution_id, self._mail)
        try:
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

    def _mail(self) -> None:
        """Take note that the mailbox has more than the claim brought along."""
        self._has_news = True
        if self._runner:
            self._runner.mail()

    async def hand_on(self) -> None:
        """Let go of the execution at once, for whoever has a place for it."""
        try:
            await self._ledger.append(Append(release=True, requeue=True))
        except ClaimLost:
            logger.info("%s belongs to another worker now.", self._claim.execution_id)

    async def _prepare_and_run(self) -> bool:
        """Run to the end or to a release; False if the database could not be read."""
        try:
            plan = await self._shop.plans.get(self._claim.flow_id, self._claim.flow_version)
            state = await self._state(plan)
        except OUTAGE as error:
            logger.warning("%s cannot be loaded (%s: %s).", self._claim.execution_id, type(error).__name__, error)
            return False
        except KeyError as unknown:
            logger.warning("%s cannot be run here: %s is not known to this worker.", self._claim.execution_id, unknown)
            await self._set_aside()
            return True
        await self._run(state)
        return True

    async def _run(self, state: State) -> None:
        self._runner = runner = Runner(
            state,
            self._ledger,
            self._place,
            warm_seconds=self._warm_seconds,
            http_allow=self._shop.http_allow,
        )
        if self._is_leaving:
            runner.release()
        known = None if self._has_news else letters(self._claim.mail, self._shop.worker_id)
        await runner.run(self._recovery(state), known)

    async def _state(self, plan: Plan) -> State:
        state = await self._replay(State(plan, setup_of(self._claim)))
        await self._hydrate(state)
        return state

    async def _replay(self, state: State) -> State:
        """Fold the log, page by page; one that was never started is not read."""
        is_more = self._claim.last_index >= 0 or self._runner is not None
        while is_more:
            async with self._shop.pool.acquire() as connection:
                rows = await read_events(connection, self._claim.execution_id, state.last_index + 1, PAGE)
            state.apply_all(Entry(row.index, milliseconds(row.timestamp), decode(row.type, row.data)) for row in rows)
            is_more = len(rows) == PAGE
        return state

    async def _hydrate(self, state: State) -> None:
        """Load the payloads that the run may still need."""
        missing = {value.reference: value for value in _values(state) if value.reference}
        if not missing:
            return
        async with self._shop.pool.acquire() as connection:
            texts = await load_payload_texts(connection, self._claim.root_id, [key for key in missing if key])
        for value in _values(state):
            if value.reference:
                value.load(texts[value.reference].encode())
                self._ledger.knows(value)

    def _recovery(self, state: State) -> Recover | None:
        """What to record first, if another worker left this execution in the middle of something."""
        lost = self._claim.lost_worker_id
        if lost is None and state.executing == 0:
            return None
        return Recover(self._shop.worker_id, lost, self._claim.failure_count + (lost is not None))

    async def _set_aside(self) -> None:
        """Leave what this worker cannot run to others, and have it looked at again later."""
        wake_at = self._shop.clock.now() + SET_ASIDE_SECONDS * 1000
        await self._ledger.append(Append(release=True, wake_at=wake_at))

    async def _fail_for_unknown_reason(self) -> None:
        incident = uuid4().hex[:12]
        logger.exception("%s cannot go on (incident %s).", self._claim.execution_id, incident)
        message = f"An internal error ended the execution; the worker's log has it as incident {incident}."
        await self._fail(ExecutionError(code=ErrorCode.CRASH, message=message))

    async def _fail(self, error: ExecutionError) -> None:
        """End the execution as failed, on top of what its log has."""
        try:
            await self._ledger.settled()
            plan = await self._shop.plans.get(self._claim.flow_id, self._claim.flow_version)
            state = await self._replay(State(plan, setup_of(self._claim)))
            await self._end_as_failed(state, error)
        except ClaimLost:
            logger.info("%s belongs to another worker now.", self._claim.execution_id)
        except Exception:
            logger.exception("%s could not be failed; it is left to be looked at again.", self._claim.execution_id)
            with suppress(ClaimLost):
                await self._set_aside()

    async def _end_as_failed(self, state: State, error: ExecutionError) -> None:
        """Write the end; it acknowledges whatever the mailbox has, also what comes in meanwhile."""
        verdict = Verdict.INTERRUPTED
        while verdict is not Verdict.COMMITTED:
            mail = await self._ledger.letters()
            seen = mail[-1].seq if mail else 0
            end = Append(self._failure(state, error), consumed=seen, seen=seen, release=True)
            verdict = await self._ledger.append(end)

    def _failure(self, state: State, error: ExecutionError) -> list[Entry]:
        now = max(self._ledger.now(), state.last_at)
        first = state.last_index + 1
        return [Entry(first + offset, now, event) for offset, event in enumerate(fail_flow(state, error, now).events)]


def setup_of(claim: Claim) -> Setup:
    """What the claimed execution was created with."""
    return Setup(
        execution_id=claim.execution_id,
        created_at=milliseconds(claim.created_at),
        options=claim.options,
        inputs={name: Value.stored(data) for name, data in claim.inputs.items()},
        port_values=_port_values(claim.port_values),
        root_execution_id=claim.root_id,
        parent_execution_id=claim.parent_id,
        depth=claim.depth,
        integration=claim.integration,
    )


def _port_values(given: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Value]]:
    values: dict[str, dict[str, Value]] = {}
    for item in given:
        values.setdefault(item["nodeId"], {})[item["port"]] = Value.stored(item["value"])
    return values


def _values(state: State) -> Iterable[Value]:
    yield from state.setup.inputs.values()
    for ports in state.setup.port_values.values():
        yield from ports.values()
    for record in state.nodes:
        yield from record.outputs.values()
        yield from (record.promised or {}).values()
        yield from (record.inputs or {}).values()
