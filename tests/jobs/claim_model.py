"""What claims, leases and mailboxes must do, as simple as can be: a few lists, changed one step at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from engine.status import ExecutionCommand, ExecutionStatus
from storage.append import Member, Outcome
from storage.claims import Claim

CREATED, RUNNING, PAUSED, COMPLETED, FAILED, STOPPED = (status.value for status in ExecutionStatus)

NEXT_STATUS = {
    ("START", CREATED): RUNNING,
    ("PAUSE", RUNNING): PAUSED,
    ("RESUME", PAUSED): RUNNING,
    ("STOP", CREATED): STOPPED,
    ("STOP", RUNNING): STOPPED,
    ("STOP", PAUSED): STOPPED,
}
"""Where an accepted command leads; what is not here is refused."""

COMMANDS = list(dict.fromkeys(ExecutionCommand(name) for name, _ in NEXT_STATUS))

ACKNOWLEDGED_BY = {"START": "FLOW_STARTED", "PAUSE": "FLOW_PAUSED", "RESUME": "FLOW_RESUMED", "STOP": "FLOW_CANCELLED"}


@dataclass
class Execution:
    """All that is to be kept of one execution; `due` is the tick at which it is to be looked at again."""

    status: str = CREATED
    accepted: str = CREATED
    log: list[str] = field(default_factory=lambda: ["EXECUTION_CREATED"])
    mail: list[str] = field(default_factory=list)
    applied: int = 0
    holder: str | None = None
    token: UUID | None = None
    lost: str | None = None
    is_queued: bool = True
    due: int | None = None
    append_id: UUID | None = None

    @property
    def last_index(self) -> int:
        """The index of the last event."""
        return len(self.log) - 2

    def free(self, *, lost: str | None = None) -> None:
        """Take the execution from whoever holds it, for anybody to claim."""
        self.holder, self.token, self.is_queued = None, None, True
        self.lost = lost or self.lost


class Model:
    """Executions by id, the workers that are entered with their beats, the time in ticks, and what the sweeper saw."""

    def __init__(self, lease: float) -> None:
        self.lease = lease
        self.tick = 0
        self.executions: dict[str, Execution] = {}
        self.beats: dict[str, int] = {}
        self.looks: list[tuple[float, dict[str, int]]] = []

    def send(self, execution_id: str, command: ExecutionCommand) -> tuple[int, bool] | None:
        """The number of the command and whether somebody holds the execution; None if it is refused."""
        execution = self.executions[execution_id]
        status = NEXT_STATUS.get((command.value, execution.accepted))
        if status is None:
            return None
        execution.accepted = status
        execution.mail.append(command.value)
        execution.is_queued = True
        return len(execution.mail), execution.holder is not None

    @property
    def claimable(self) -> set[str]:
        """What a claim may give."""
        return {key for key, value in self.executions.items() if value.is_queued and value.holder is None}

    def claim(self, worker_id: str, given: Claim) -> None:
        """Somebody has claimed this one."""
        execution = self.executions[given.execution_id]
        execution.holder, execution.token, execution.due = worker_id, given.token, None

    def append(self, member: Member, ticks: int | None) -> Outcome:
        """What is to become of an append; one that parks is to be looked at again after so many ticks."""
        execution = self.executions[member.execution_id]
        if execution.append_id == member.append_id:
            return Outcome.COMMITTED
        if (execution.token, execution.last_index) != (member.token, member.expected_index):
            return Outcome.LOST
        if member.seen is not None and member.seen < len(execution.mail):
            return Outcome.INTERRUPTED
        self._commit(execution, member, None if ticks is None else self.tick + ticks)
        return Outcome.COMMITTED

    @staticmethod
    def _commit(execution: Execution, member: Member, due: int | None) -> None:
        execution.append_id = member.append_id
        execution.log += [row.type for row in member.rows]
        execution.applied = max(execution.applied, member.consumed)
        if member.projection.status:
            execution.status = member.projection.status
            if execution.applied == len(execution.mail):
                execution.accepted = execution.status
        if member.rows:
            execution.lost = None
        if member.release:
            execution.free()
            execution.is_queued, execution.due = member.requeue, due

    def wake(self) -> int:
        """Queue what is due; how many that were."""
        due = [each for each in self.executions.values() if each.due is not None and each.due <= self.tick]
        for execution in due:
            execution.due, execution.is_queued = None, True
        return len(due)

    def sweep(self, now: float) -> None:
        """Free what is held by those that were silent for a lease, and by those that are not entered."""
        unknown = {each.holder for each in self.executions.values() if each.holder} - self.beats.keys()
        self.looks.append((now, dict(self.beats)))
        silent = [worker_id for worker_id in self.beats if self._silent_for(worker_id, now) >= self.lease]
        for worker_id in silent:
            del self.beats[worker_id]
        for worker_id in [*silent, *unknown]:
            self.free_all(worker_id, lost=True)

    def _silent_for(self, worker_id: str, now: float) -> float:
        """For how long every look has seen the beat that the worker has now."""
        since = now
        for time, beats in reversed(self.looks):
            if beats.get(worker_id) != self.beats[worker_id]:
                break
            since = time
        return now - since

    def free_all(self, worker_id: str, *, lost: bool, keep: Iterable[str] = ()) -> int:
        """Free what a worker holds, but not `keep`; how many were freed."""
        held = [value for key, value in self.executions.items() if value.holder == worker_id and key not in keep]
        for execution in held:
            execution.free(lost=worker_id if lost else None)
        return len(held)
