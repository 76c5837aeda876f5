"""What a state remembers of children."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.events import Calls
from engine.records import ExecutionError
from engine.values import Value


class CallEnd(NamedTuple):
    """How a called run ended: with outputs, or with an error."""

    child_id: str
    outputs: Mapping[str, Value] | None
    error: ExecutionError | None


@dataclass(slots=True)
class CallsRecord:
    """How far a node's calls are: `next` is the place of the next run, `open` counts those that have not ended."""

    spec: Calls
    next: int = 0
    open: int = 0
    ends: dict[int, CallEnd] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """How many runs may be spawned now."""
        left = self.spec.count - self.next
        return left if self.spec.concurrency is None else min(left, self.spec.concurrency - self.open)

    @property
    def is_over(self) -> bool:
        """True when every run has ended."""
        return len(self.ends) == self.spec.count


class CallRecord(NamedTuple):
    """A child that has not ended: the node that spawned it (None: an event from outside), the name of its event, or the
    calls that it is one of and its place among them."""

    node: int | None
    event_name: str | None
    calls: CallsRecord | None = None
    place: int = 0
