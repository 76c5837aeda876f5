"""Crashes: what is left of a run is a prefix of its log, from which another worker goes on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.commands import Recover
from engine.entry import Entry
from engine.ledger import Append, Letter, Verdict
from tests.engine.running import EPOCH, WORKER, Run
from tests.engine.scripted import Recorder
from tidegate.testing.memory import MemoryLedger


@dataclass(frozen=True)
class Mark:
    """What a database would have after an append."""

    entries: tuple[Entry, ...] = ()
    applied: int = 0


class MarkedLedger(MemoryLedger):
    """Remembers what there was after each append; each takes so many seconds."""

    def __init__(self, letters: Sequence[Letter] = (), *, epoch: int = EPOCH, seconds: float = 0) -> None:
        super().__init__(letters, epoch=epoch)
        self.marks = [Mark()]
        self._seconds = seconds

    async def append(self, append: Append) -> Verdict:
        await asyncio.sleep(self._seconds)
        verdict = await super().append(append)
        if verdict is Verdict.COMMITTED:
            self.marks.append(Mark(tuple(self.entries), self.applied))
        return verdict


def after_crash(before: Run, mark: Mark, *, pause_ms: int = 1000, seconds: float = 0) -> Run:
    """The same execution in a new process some time later, with nothing but what the log had."""
    last_at = mark.entries[-1].at if mark.entries else EPOCH
    ledger = MarkedLedger(before.ledger.mailbox, epoch=last_at + pause_ms, seconds=seconds)
    ledger.entries, ledger.applied, ledger.marks = list(mark.entries), mark.applied, [mark]
    after = Run(before.plan, before.options, Recorder(), ledger, inputs=before.inputs, port_values=before.port_values)
    after.state = after.replayed()
    return after


async def recovered(before: Run, mark: Mark, **settings: Any) -> Run:
    """Go on after a crash, to the end."""
    after = after_crash(before, mark, **settings)
    return await after.live(Recover("worker-2", WORKER, after.state.failure_count + 1))
