"""The ledger of one claimed execution: its appends go through the worker's journal, under its claim's token."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from engine.ledger import Append, Letter, Verdict
from jobs.clock import DatabaseClock
from jobs.heartbeat import Heartbeat
from jobs.journal import Journal
from jobs.mailroom import Mailroom
from jobs.records import member
from storage.append import Member
from storage.claims import Claim


class DurableLedger:
    """Remembers in Postgres. `was_handed_on` once the execution was let go of for others to take up at once."""

    def __init__(
        self, claim: Claim, journal: Journal, mailroom: Mailroom, clock: DatabaseClock, heartbeat: Heartbeat
    ) -> None:
        self._claim = claim
        self._journal = journal
        self._mailroom = mailroom
        self._clock = clock
        self._heartbeat = heartbeat
        self.next_index = claim.last_index + 1
        self._acknowledged = claim.acknowledged
        self._stored: set[str] = set()
        self._under_way: asyncio.Future[Verdict] | None = None
        self.was_handed_on = False

    def now(self) -> int:
        """The database's time in milliseconds since 1970."""
        return self._clock.now()

    def knows(self, payloads: Iterable[str]) -> None:
        """Note payloads that the store has already, by id."""
        self._stored.update(payloads)

    async def append(self, append: Append) -> Verdict:
        """Commit entries; raises `ClaimLost` or `ValueRefused`.

        A caller that is cancelled meanwhile does not take the append back; `settled` tells when its outcome is known.
        """
        new = self._member(append)
        self._under_way = self._journal.append(new)
        self._under_way.add_done_callback(partial(self._note, append, new))
        return await asyncio.shield(self._under_way)

    async def settled(self) -> None:
        """Wait for the outcome of an append that nobody waits for any more."""
        if self._under_way:
            await asyncio.wait([self._under_way])

    def _note(self, append: Append, new: Member, outcome: "asyncio.Future[Verdict]") -> None:
        if outcome.cancelled() or outcome.exception() or outcome.result() is not Verdict.COMMITTED:
            return
        self.next_index += len(append.entries)
        self._acknowledged = max(self._acknowledged, append.consumed)
        self._stored.update(payload.id for payload in new.payloads)
        self.was_handed_on = append.requeue

    def _member(self, append: Append) -> Member:
        return member(
            self._claim.execution_id,
            self._claim.token,
            append,
            first_index=self.next_index,
            acknowledged=self._acknowledged,
            stored=self._stored,
        )

    async def letters(self) -> Sequence[Letter]:
        """The commands that are not applied yet, in order."""
        return await self._mailroom.read(self._claim.execution_id)

    def may_start_effects(self) -> bool:
        """Whether the last good beat is younger than the lease."""
        return self._heartbeat.is_fresh
