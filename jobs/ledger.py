"""The ledger of one claimed execution: its appends go through the worker's journal, under its claim's token."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from engine.events import NodeOutputChunk
from engine.ledger import Append, Letter, Verdict
from jobs.clock import DatabaseClock
from jobs.heartbeat import Heartbeat
from jobs.journal import Journal
from jobs.letters import Mail, letters, values_told
from jobs.loading import Loader
from jobs.mailroom import Mailroom
from jobs.measuring import measure
from jobs.metrics import COMMAND_SECONDS
from jobs.records import Writing
from jobs.run_trace import RunTrace
from storage.append import Member
from storage.claims import Claim
from storage.pool import DATABASE_TROUBLE

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5

ReadT = TypeVar("ReadT")


class DurableLedger:
    """Remembers in Postgres. `was_handed_on` once the execution was let go of for others to take up at once."""

    def __init__(
        self,
        claim: Claim,
        journal: Journal,
        mailroom: Mailroom,
        loader: Loader,
        clock: DatabaseClock,
        heartbeat: Heartbeat,
        worker_id: str,
    ) -> None:
        self._claim = claim
        self._journal = journal
        self._mailroom = mailroom
        self._loader = loader
        self._clock = clock
        self._heartbeat = heartbeat
        self._worker_id = worker_id
        self._writing = Writing(claim)
        self._accepted: dict[int, float] = {}
        self._under_way: asyncio.Future[Verdict] | None = None
        self._has_all_mail = True
        self._acknowledgements = 0
        self.was_handed_on = False
        self.trace: RunTrace | None = None

    @property
    def next_index(self) -> int:
        """The index of the next event."""
        return self._writing.next_index

    def now(self) -> int:
        """The database's time in milliseconds since 1970."""
        return self._clock.now()

    def knows(self, payloads: Iterable[str]) -> None:
        """Note payloads that the store has already, by id."""
        self._writing.stored.update(payloads)

    async def append(self, append: Append) -> Verdict:
        """Commit entries; raises `ClaimLost` or `ValueRefused`.

        A caller that is cancelled meanwhile does not take the append back; `settled` tells when its outcome is known.
        """
        if self.trace and append.spawns:
            await self.trace.spawning(append.spawns)
        new = self._writing.member(append)
        self._under_way = self._journal.append(new)
        self._under_way.add_done_callback(partial(self._note, append, new, time.time_ns()))
        return await asyncio.shield(self._under_way)

    async def settled(self) -> None:
        """Wait for the outcome of an append that nobody waits for any more."""
        if self._under_way:
            await asyncio.wait([self._under_way])

    def _note(self, append: Append, new: Member, began_ns: int, outcome: "asyncio.Future[Verdict]") -> None:
        if outcome.cancelled() or outcome.exception() or outcome.result() is not Verdict.COMMITTED:
            return
        self._writing.wrote(append, new)
        measure(append)
        self._measure_commands(append.consumed)
        if append.read:
            self._acknowledgements += 1
            self._announce_rest()
        if self.trace:
            self.trace.appended(append, began_ns)
        self.was_handed_on = append.requeue

    def _measure_commands(self, consumed: int) -> None:
        """Note how long it took from the acceptance of commands to now; `consumed` is the last that is applied."""
        for seq in [seq for seq in self._accepted if seq <= consumed]:
            COMMAND_SECONDS.observe(time.monotonic() - self._accepted.pop(seq))

    async def letters(self) -> Sequence[Letter]:
        """The commands that are not applied yet: those of clients in order, then those of the family."""
        before = self._acknowledgements
        opened = await self.opened(await self._mailroom.read(self._claim.execution_id))
        if self._acknowledgements != before:
            # What was read may be what has been acknowledged meanwhile, and then no other will be.
            self._announce_rest()
        return opened

    def _announce_rest(self) -> None:
        if not self._has_all_mail:
            self._mailroom.notified(self._claim.execution_id)

    async def opened(self, mail: Mail) -> Sequence[Letter]:
        """The letters of a mail, with the large values that they bring.

        Where there are more, the run is told so when some of these are acknowledged.
        """
        self._has_all_mail = mail.is_all
        opened = letters(mail, self._worker_id)
        if self.trace:
            await self.trace.read(mail)
        for row in mail.commands:
            if row.seq > self._writing.acknowledged:
                self._accepted.setdefault(row.seq, time.monotonic() - row.seconds)
        self.knows(await self._read(lambda: self._loader.hydrate(values_told(opened), self._claim.root_id)))
        return opened

    async def chunks(self, node_id: str, from_index: int) -> Sequence[tuple[int, NodeOutputChunk]]:
        """The next of what a node has written to its streams."""
        return await self._read(lambda: self._loader.chunks(self._claim, node_id, from_index))

    async def _read(self, read: Callable[[], Awaitable[ReadT]]) -> ReadT:
        """Read something, however long the database is away."""
        while True:
            try:
                return await read()
            except DATABASE_TROUBLE as error:
                logger.warning("Values of %s could not be read (%s); trying again.", self._claim.execution_id, error)
            await asyncio.sleep(RETRY_SECONDS)

    def may_start_effects(self) -> bool:
        """Whether the last good beat is younger than the lease."""
        return self._heartbeat.is_fresh
