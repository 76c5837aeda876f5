"""A ledger that encodes as a worker's does, and keeps nothing: what is left is what the engine itself takes."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from engine.capability import PLAIN_LOG_FORMAT
from engine.commands import Start
from engine.events import NodeOutputChunk
from engine.ledger import Append, Letter, Verdict
from engine.options import ExecutionOptions
from engine.status import ExecutionStatus
from jobs.clock import DatabaseClock
from jobs.measuring import measure
from jobs.records import Writing
from storage.claims import Claim

EXECUTION_ID = "EX01K9ZB3M5Q7RW2T4"


class MemoryLedger:
    """Makes the rows of each append, as they would go to Postgres, counts them and lets them go."""

    def __init__(self, options: ExecutionOptions, now: datetime) -> None:
        self._clock = DatabaseClock()
        self._clock.set(now, asked=time.monotonic())
        self._writing = Writing(_claim(options, now))
        self._mail = [Letter(1, Start("bench"))]
        self.rows = self.bytes = 0
        self.status = ExecutionStatus.CREATED

    def now(self) -> int:
        return self._clock.now()

    async def append(self, append: Append) -> Verdict:
        await asyncio.sleep(0)
        member = self._writing.member(append)
        self.rows += len(member.rows)
        self.bytes += member.bytes
        self.status = ExecutionStatus(member.status)
        self._writing.wrote(append, member)
        measure(append)
        return Verdict.COMMITTED

    async def letters(self) -> Sequence[Letter]:
        return [letter for letter in self._mail if letter.seq > self._writing.acknowledged]

    async def chunks(self, node_id: str, from_index: int) -> Sequence[tuple[int, NodeOutputChunk]]:
        raise RuntimeError("It keeps nothing that could be read back.")

    def may_start_effects(self) -> bool:
        return True


class Seat:
    """A place that is always free."""

    def take(self) -> bool:
        return True

    def free(self) -> None:
        pass


def _claim(options: ExecutionOptions, now: datetime) -> Claim:
    return Claim(
        execution_id=EXECUTION_ID,
        token=uuid4(),
        last_index=-1,
        acknowledged=0,
        lost_worker_id=None,
        lost_alone=None,
        owner_id="bench",
        flow_id="FL01K9ZB3M5Q7RW2T4",
        flow_version=1,
        log_format=PLAIN_LOG_FORMAT,
        flow_name="Bench",
        status=ExecutionStatus.CREATED,
        root_id=EXECUTION_ID,
        parent_id=None,
        depth=0,
        created_at=now,
        inputs={},
        port_values=[],
        options=options,
        integration=None,
        external_events=[],
        runs_event=False,
        failure_count=0,
        now=now,
        mail=(),
        inbox=(),
        ready_seconds=None,
    )


def present() -> datetime:
    """The time that a run begins at."""
    return datetime.now(UTC)
