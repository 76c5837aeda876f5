"""What a running execution needs of the world: a log to append to, a mailbox, a clock, a place among the running."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple, Protocol

from engine.commands import Command
from engine.entry import Entry
from engine.events import NodeOutputChunk
from engine.spawns import Spawn


class Verdict(Enum):
    """What became of an append.

    COMMITTED: it is in the log. INTERRUPTED: nothing was written, because a command came in that goes first (only for
    appends that end or release the execution). OVER_BUDGET: nothing was written, because the tree may not have as many
    children (only for appends with spawns).
    """

    COMMITTED = auto()
    INTERRUPTED = auto()
    OVER_BUDGET = auto()


@dataclass(frozen=True, slots=True)
class Append:
    """Entries that go into the log together, and the children that they speak of.

    `consumed` is the last mailbox command that they acknowledge (0: none), `read` are the letters of the inbox that
    they do. With `seen`, nothing is written if the
    mailbox has commands after that one; that is asked of whatever ends or releases the execution. A release gives the
    claim back: until `wake_at` (milliseconds since 1970) or a command, or at once if `requeue`.
    """

    entries: Sequence[Entry] = ()
    consumed: int = 0
    read: Sequence[int] = ()
    spawns: Sequence[Spawn] = ()
    seen: int | None = None
    release: bool = False
    wake_at: int | None = None
    requeue: bool = False


class Letter(NamedTuple):
    """A command with its sequence number in the mailbox, or (`seq` 0) its number in the inbox.

    The mailbox has what clients want, in order; the inbox what the parent and the children have to say.
    """

    seq: int
    command: Command
    inbox: int = 0


class Ledger(Protocol):
    """The side of an execution that remembers."""

    def now(self) -> int:
        """The database's time in milliseconds since 1970."""

    async def append(self, append: Append) -> Verdict:
        """Commit entries; raises `ClaimLost` if the execution belongs to another worker now."""

    async def letters(self) -> Sequence[Letter]:
        """The commands that are not applied yet: those of the mailbox in order, then those of the inbox."""

    async def chunks(self, node_id: str, from_index: int) -> Sequence[tuple[int, NodeOutputChunk]]:
        """What a node has written to all its streams, with its places in the log, from an index on.

        It is a page of it, large values included, and nothing only if the log has nothing there.
        """

    def may_start_effects(self) -> bool:
        """Whether the worker's lease is certain enough to begin what cannot be taken back."""


class Slot(Protocol):
    """A place among the executions that a worker runs at once."""

    def take(self) -> bool:
        """Take a place; False if all are taken."""

    def free(self) -> None:
        """Give the place back."""
