"""What `decide` is asked: the commands of clients, the outcomes of nodes, the passing of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.events import Calls
from engine.records import ExecutionError, Values
from engine.spawns import Emit
from engine.values import Value


@dataclass(frozen=True, slots=True)
class Start:
    """A client let the execution go."""

    worker_id: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A client, or (`by_parent`) the pause of the parent, wants no more nodes to start; those that run may finish."""

    reason: str | None = None
    by_parent: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """A paused execution may go on; with `by_parent` only if it was the parent that paused it."""

    by_parent: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A client lets one node of a paused execution start."""


@dataclass(frozen=True, slots=True)
class SetBreakpoints:
    """A client wants the execution to stop before these nodes, and before no others."""

    node_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Signal:
    """A client sends a signal to whichever node waits for it, now or later."""

    name: str
    payload: Value


@dataclass(frozen=True, slots=True)
class Stop:
    """A client, or the end of the parent, wants the execution to end now."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChildEnded:
    """A child has ended: with outputs if it completed, else with the error that it failed with."""

    child_id: str
    outputs: Mapping[str, Value] | None = None
    error: ExecutionError | None = None


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


@dataclass(slots=True)
class NodeSucceeded:
    """An attempt gave its outputs after so many milliseconds, and emitted these events."""

    node: int
    attempt: int
    outputs: Values
    elapsed: float
    emits: Sequence[Emit] = ()


@dataclass(frozen=True, slots=True)
class NodeWaits:
    """An attempt wants to complete with these outputs at a later time (milliseconds since 1970)."""

    node: int
    attempt: int
    until: int
    outputs: Values


@dataclass(frozen=True, slots=True)
class NodeAwaitsSignal:
    """An attempt wants to complete with the payload of a signal, and to fail after `until` (ms since 1970, or None)."""

    node: int
    attempt: int
    name: str
    until: int | None


@dataclass(frozen=True, slots=True)
class NodeCalls:
    """An attempt wants flows to be run as child executions, and to go on when they have ended."""

    node: int
    attempt: int
    calls: Calls


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
class NodeResolved:
    """An attempt gave an output its value before its end."""

    node: int
    attempt: int
    port: str
    value: Value


@dataclass(frozen=True, slots=True)
class NodeWrote:
    """An attempt wrote `count` pieces, which `chunk` lists, to a stream; `sequence` is the place of the first."""

    node: int
    attempt: int
    port: str
    sequence: int
    count: int
    chunk: Value


@dataclass(frozen=True, slots=True)
class ChildrenRefused:
    """The budget of the tree does not allow the children that a node (None: the execution itself) wants to spawn."""

    node: int | None


@dataclass(frozen=True, slots=True)
class Advance:
    """See what can be done next."""


ClientCommand = Start | Pause | Resume | Step | SetBreakpoints | Signal | Stop
NodeOutcome = (
    NodeSucceeded | NodeWaits | NodeAwaitsSignal | NodeCalls | NodeErred | NodeLogged | NodeResolved | NodeWrote
)
Command = ClientCommand | ChildEnded | Recover | NodeOutcome | ChildrenRefused | Advance
