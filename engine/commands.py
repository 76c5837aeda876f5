"""What `decide` is asked: the commands of clients, the outcomes of nodes, the passing of time."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.events import ExecutionError
from engine.values import Value


@dataclass(frozen=True, slots=True)
class Start:
    """A client let the execution go."""

    worker_id: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A client wants no more nodes to start; those that run may finish."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """A client lets a paused execution go on."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A client wants the execution to end now."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Recover:
    """A worker takes over what another left behind; `alone` if that died while it ran nothing else."""

    worker_id: str
    previous_worker_id: str | None
    failure_count: int
    alone: bool = False

    @property
    def is_loss(self) -> bool:
        """False if the other gave the execution back in order."""
        return self.previous_worker_id is not None


@dataclass(frozen=True, slots=True)
class NodeSucceeded:
    """An attempt gave its outputs after so many milliseconds."""

    node: int
    attempt: int
    outputs: Mapping[str, Value]
    elapsed: float


@dataclass(frozen=True, slots=True)
class NodeWaits:
    """An attempt wants to complete with these outputs at a later time (milliseconds since 1970)."""

    node: int
    attempt: int
    until: int
    outputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class NodeErred:
    """An attempt failed; `chance` (0 ≤ chance < 1) is the random part of the delay before the next."""

    node: int
    attempt: int
    error: ExecutionError
    elapsed: float
    chance: float


@dataclass(frozen=True, slots=True)
class NodeLogged:
    """An attempt wrote a line to its node's log."""

    node: int
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class Advance:
    """See what can be done next."""


Command = Start | Pause | Resume | Stop | Recover | NodeSucceeded | NodeWaits | NodeErred | NodeLogged | Advance
