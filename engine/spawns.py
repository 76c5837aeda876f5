"""Child executions to be: what a node emits, what it calls, and what of both is appended with the parent's events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from engine.ids import RANDOM_BITS, execution_id
from engine.values import Value

MAX_DEPTH = 100
"""How far from its root a child may be."""


@dataclass(frozen=True, slots=True)
class FlowEvent:
    """An event of a flow: emitted by a node, or given from outside."""

    name: str
    payload: Value


@dataclass(frozen=True, slots=True)
class Emit:
    """An event that an attempt emitted, and the id that the child which runs for it will have."""

    child_id: str
    event: FlowEvent


@dataclass(frozen=True, slots=True)
class CalledFlow:
    """A flow version that is called, with its name."""

    flow_id: str
    version: int
    name: str


@dataclass(frozen=True, slots=True)
class Spawn:
    """A child execution that is created in its parent's append.

    Without `flow` it runs the parent's own flow version, with the parent's inputs and port values. `key` is unique
    within the parent. What is not said here (options, owner, priority, integration data) is the parent's.
    """

    child_id: str
    key: str
    spawned_by: str | None = None
    event: FlowEvent | None = None
    flow: CalledFlow | None = None
    inputs: Mapping[str, Value] | None = None
    breakpoints: Sequence[str] = ()


def child_id(parent_id: str, key: str, sequence: int, now: int) -> str:
    """The id of a child that a decision makes at `now` (milliseconds since 1970); a decision has no chance of its own.

    Those of one decision follow each other in the order of `sequence`; others differ by a hash, as random ones would.
    """
    digest = blake2b(f"{parent_id}:{key}".encode(), digest_size=RANDOM_BITS // 8).digest()
    return execution_id((now << RANDOM_BITS) + int.from_bytes(digest, "big") + sequence)
