"""Where one node of an execution stands."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.calling import CallsRecord
from engine.early import Early, StreamRecord
from engine.readiness import Readiness
from engine.records import ExecutionError, Values
from engine.status import IDLE, NodeStatus
from engine.values import Value


@dataclass(slots=True)
class NodeRecord:
    """Where one node stands. `outputs` has what has resolved so far; times are milliseconds since 1970.

    `retrying` is true while the node waits for its next attempt. `signal` is the name of the signal that it waits for,
    `calls` has the children that it called, `spawned` counts all that it has spawned. `early` has the outputs that have
    resolved before its end, `streams` those that are streams; `turn` is the place of its end among all that settles.
    """

    outputs: dict[str, Value]
    early: Mapping[str, Early]
    streams: Mapping[str, StreamRecord]
    readiness: Readiness
    status: NodeStatus = IDLE
    attempt: int = 0
    retries: int = 0
    inputs: Mapping[str, Value] | None = None
    error: ExecutionError | None = None
    started_at: int | None = None
    completed_at: int | None = None
    until: int | None = None
    retrying: bool = False
    promised: Values | None = None
    signal: str | None = None
    calls: CallsRecord | None = None
    spawned: int = 0
    turn: int = 0

    @property
    def is_under_way(self) -> bool:
        """Whether an attempt was made, and neither ended the node nor was taken back."""
        return self.attempt > 0 and self.status is not IDLE and not self.status.ended

    def pieces(self, port: str) -> int:
        """How many pieces of a stream the log has."""
        return self.streams[port].pieces if port in self.streams else 0

    def resolved_at(self, port: str, now: int) -> int:
        """When an output resolved, in milliseconds since 1970; `now` where that is not told."""
        at = self.early[port].at if port in self.early else self.completed_at
        return now if at is None else at
