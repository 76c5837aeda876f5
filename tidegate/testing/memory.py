"""A ledger and a slot that live in memory, for running the engine without a server."""

import asyncio
from collections.abc import Sequence

from engine.commands import Command
from engine.entry import Entry
from engine.events import NodeOutputChunk
from engine.ledger import Append, Letter, Verdict

CHUNKS_AT_ONCE = 3
EPOCH = 1_700_000_000_000
"""When the loop's time 0 is, in milliseconds since 1970."""


class MemoryLedger:
    """Keeps a log, a mailbox and an inbox in lists; its clock is the event loop's."""

    def __init__(self, letters: Sequence[Letter] = (), *, epoch: int = EPOCH) -> None:
        self.entries: list[Entry] = []
        self.mailbox = list(letters)
        self.inbox: dict[int, Command] = {}
        self.told = 0
        self.applied = 0
        self.released: Append | None = None
        self.appends = 0
        self._epoch = epoch

    def now(self) -> int:
        """As `Ledger.now`."""
        return self._epoch + round(asyncio.get_running_loop().time() * 1000)

    def send(self, command: Command) -> None:
        """Put a command into the mailbox."""
        self.mailbox.append(Letter(len(self.mailbox) + 1, command))

    def tell(self, command: Command) -> None:
        """Put what a relative says into the inbox."""
        self.told += 1
        self.inbox[self.told] = command

    @property
    def is_wanted(self) -> bool:
        """Whether somebody has to look at an execution that nobody runs."""
        released = self.released
        has_mail = len(self.mailbox) > self.applied or bool(self.inbox)
        is_due = released is not None and released.wake_at is not None and released.wake_at <= self.now()
        return released is None or released.requeue or has_mail or is_due

    @property
    def seconds_to_wake(self) -> float | None:
        """How long a released execution rests at most; None: until something comes."""
        wake_at = self.released.wake_at if self.released else None
        return None if wake_at is None else max(wake_at - self.now(), 0) / 1000

    async def append(self, append: Append) -> Verdict:
        """As `Ledger.append`."""
        await asyncio.sleep(0)
        if append.seen is not None and self.mailbox and self.mailbox[-1].seq > max(append.seen, self.applied):
            return Verdict.INTERRUPTED
        self.appends += 1
        self.entries.extend(append.entries)
        self.applied = max(self.applied, append.consumed)
        self.released = append if append.release else None
        for number in append.read:
            self.inbox.pop(number, None)
        return Verdict.COMMITTED

    async def letters(self) -> Sequence[Letter]:
        """As `Ledger.letters`."""
        await asyncio.sleep(0)
        mail = [letter for letter in self.mailbox if letter.seq > self.applied]
        return [*mail, *(Letter(0, command, number) for number, command in self.inbox.items())]

    async def chunks(self, node_id: str, from_index: int) -> Sequence[tuple[int, NodeOutputChunk]]:
        """As `Ledger.chunks`, a few at once."""
        await asyncio.sleep(0)
        found = ((entry.index, entry.event) for entry in self.entries if entry.index >= from_index)
        written = ((index, event) for index, event in found if isinstance(event, NodeOutputChunk))
        return [each for each in written if each[1].node_id == node_id][:CHUNKS_AT_ONCE]

    def may_start_effects(self) -> bool:
        """As `Ledger.may_start_effects`."""
        return True


class MemorySlot:
    """One of any number of slots."""

    def __init__(self) -> None:
        self.taken = True

    def take(self) -> bool:
        """As `Slot.take`."""
        self.taken = True
        return True

    def free(self) -> None:
        """As `Slot.free`."""
        self.taken = False
