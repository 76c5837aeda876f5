"""A worker's side in the machine of claims: what it believes of an execution, and what it writes because of that."""

import time
from dataclasses import dataclass

from hypothesis import strategies as st

from engine.entry import Entry
from engine.event import Event
from engine.events import (
    FlowCancelled,
    FlowCompleted,
    FlowFailed,
    FlowPaused,
    FlowResumed,
    FlowStarted,
    NodeDebugLogString,
)
from engine.ledger import Append
from engine.records import ExecutionError
from engine.status import ErrorCode, ExecutionCommand, ExecutionStatus
from jobs.records import Writing
from storage.append import Member
from storage.claims import Claim, MailRow
from tests.jobs.claim_model import CREATED, PAUSED, RUNNING
from tests.jobs.claim_tables import TICK_MS
from tests.storage.appends import AT

LINE = NodeDebugLogString(node_id="a", node_type="debug.log", log="x")


@dataclass(frozen=True)
class Sent:
    """An append as it was sent; `ticks` after now its timer is due, and `seen` and `status` hold once it is written."""

    member: Member
    ticks: int | None
    seen: int
    status: str


class Run:
    """What a worker believes of an execution that it has claimed, whether or not it still owns it."""

    def __init__(self, worker_id: str, given: Claim, status: str) -> None:
        self.worker_id = worker_id
        self.claim = given
        self.next_index = given.last_index + 1
        self.acknowledged = given.acknowledged
        self.seen = 0
        self.status = status
        self.pending = list(given.mail)
        self.in_flight: Sent | None = None

    def read(self, mail: list[MailRow]) -> None:
        """Take over what the mailbox has."""
        self.pending = [row for row in mail if row.seq > self.seen]

    def written(self, sent: Sent) -> None:
        """Note that an append is in the log."""
        self.next_index += len(sent.member.rows)
        self.acknowledged = max(self.acknowledged, sent.member.consumed)
        self.seen, self.status = sent.seen, sent.status
        self.pending = [row for row in self.pending if row.seq > self.seen]

    @property
    def choices(self) -> list[str]:
        """What may be written now, the likely more than once."""
        if not self.pending:
            ends = {CREATED: ["end"], RUNNING: ["end", "end"]}.get(self.status, [])
            return ["log", "park", "requeue", "park", "requeue", *ends]
        return ["log", "requeue", *["end" if self.pending[0].command is ExecutionCommand.STOP else "apply"] * 3]

    def compose(self, what: str, data: st.DataObject) -> Sent:
        """Make the append that does one of the `choices`."""
        match what:
            case "log":
                return self._send(Append(self._entries([LINE])))
            case "apply":
                return self.apply(data.draw(st.integers(1, 3)))
            case "requeue":
                return self._send(Append(release=True, requeue=True))
            case "park":
                has_no_time = self.status == PAUSED and data.draw(st.booleans())
                return self._park(None if has_no_time else data.draw(st.integers(0, 3)))
            case _:
                return self.end()

    def apply(self, most: int) -> Sent:
        """Acknowledge up to so many of the commands that are known, but no STOP."""
        events: list[Event] = []
        seen, status = self.seen, self.status
        for row in self.pending[:most]:
            if row.command is ExecutionCommand.STOP:
                break
            events.append(self._acknowledgement(row.command))
            seen, status = row.seq, str(events[-1].enters)
        return self._send(Append(self._entries(events), consumed=seen), seen=seen, status=status)

    def end(self) -> Sent:
        """End, and acknowledge whatever is known."""
        seen = self.pending[-1].seq if self.pending else self.seen
        return self._send(
            Append(self._entries([self._last_event()]), consumed=seen, seen=seen, release=True), seen=seen
        )

    def _park(self, ticks: int | None) -> Sent:
        # Half a tick early, so that it does not matter how long the test itself takes.
        wake_at = None if ticks is None else round(time.time() * 1000) + ticks * TICK_MS - TICK_MS // 2
        return self._send(Append(seen=self.seen, release=True, wake_at=wake_at), ticks=ticks)

    def _acknowledgement(self, command: ExecutionCommand) -> Event:
        match command:
            case ExecutionCommand.START:
                return FlowStarted(worker_id=self.worker_id)
            case ExecutionCommand.PAUSE:
                return FlowPaused(running_nodes=0)
            case _:
                return FlowResumed()

    def _last_event(self) -> Event:
        if self.pending:
            return FlowCancelled(execution_time=0.0)
        if self.status == RUNNING:
            return FlowCompleted(outputs={}, execution_time=0.0)
        return FlowFailed(error=ExecutionError(code=ErrorCode.START_TIMEOUT, message="Late."), execution_time=0.0)

    def _entries(self, events: list[Event]) -> list[Entry]:
        return [Entry(self.next_index + offset, AT, event) for offset, event in enumerate(events)]

    def _send(
        self, written: Append, *, ticks: int | None = None, seen: int | None = None, status: str | None = None
    ) -> Sent:
        writing = Writing(self.claim)
        writing.next_index, writing.acknowledged = self.next_index, self.acknowledged
        writing.status = ExecutionStatus(self.status)
        return Sent(writing.member(written), ticks, self.seen if seen is None else seen, status or self.status)
