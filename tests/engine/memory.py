"""A ledger and a slot that live in memory, for running the engine without a server."""

import asyncio
from collections.abc import Sequence

from engine.entry import Entry
from engine.events import NodeOutputChunk
from engine.ledger import Append, Letter, Verdict

CHUNKS_AT_ONCE = 3


class MemoryLedger:
    """Keeps a log in a list; its clock is the event loop's."""

    def __init__(self, letters: Sequence[Letter] = (), *, epoch: int = 1_700_000_000_000) -> None:
        self.entries: list[Entry] = []
        self.mailbox = list(letters)
        self.applied = 0
        self.released: Append | None = None
        self.appends = 0
        self._epoch = epoch

    def now(self) -> int:
        return self._epoch + round(asyncio.get_running_loop().time() * 1000)

    async def append(self, append: Append) -> Verdict:
        await asyncio.sleep(0)
        if append.seen is not None and self.mailbox and self.mailbox[-1].seq > max(append.seen, self.applied):
            return Verdict.INTERRUPTED
        self.appends += 1
        self.entries.extend(append.entries)
        self.applied = max(self.applied, append.consumed)
        self.released = append if append.release else None
        return Verdict.COMMITTED

    async def letters(self) -> Sequence[Letter]:
        await asyncio.sleep(0)
        return [letter for letter in self.mailbox if letter.seq > self.applied]

    async def chunks(self, node_id: str, from_index: int) -> Sequence[tuple[int, NodeOutputChunk]]:
        await asyncio.sleep(0)
        found = ((entry.index, entry.event) for entry in self.entries if entry.index >= from_index)
        written = ((index, event) for index, event in found if isinstance(event, NodeOutputChunk))
        return [each for each in written if each[1].node_id == node_id][:CHUNKS_AT_ONCE]

    def may_start_effects(self) -> bool:
        return True


class MemorySlot:
    """One of any number of slots."""

    def __init__(self) -> None:
        self.taken = True

    def take(self) -> bool:
        self.taken = True
        return True

    def free(self) -> None:
        self.taken = False
