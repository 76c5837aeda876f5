"""The way of an execution's entries into its log: in order, one append under way at a time."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engine.entry import Entry
from engine.event import Event
from engine.ledger import Append, Ledger, Verdict
from engine.spawns import Spawn
from engine.values import PAYLOAD_MARK

BACKLOG_ENTRIES = 512
BACKLOG_BYTES = 8 * 1024 * 1024
"""What may wait for the append under way before the execution waits for it."""

APPEND_BYTES = 8 * 1024 * 1024
"""What one append holds, unless a single decision is larger."""

PART_BYTES = 64 * 1024
"""Decisions share a part until it has as many: one each would be one more object for every event."""

EVENT_BYTES = 256
"""What an event takes beside its text."""


@dataclass(slots=True)
class Part:
    """The entries of decisions that follow each other, their bytes, and what they acknowledge: the last command of the
    mailbox (0: none) and letters of the inbox."""

    entries: list[Entry] = field(default_factory=list)
    bytes: int = 0
    consumed: int = 0
    read: list[int] = field(default_factory=list)


class Writer:
    """Gathers entries while an append is under way, and sends them with the next.

    Decisions are never torn apart, so a command is acknowledged together with all that followed from it. `committed` is
    the index of the last entry that the log is known to have; `on_commit` is called when it moves and when the claim is
    lost.
    """

    def __init__(self, ledger: Ledger, committed: int, on_commit: Callable[[], None]) -> None:
        self._ledger = ledger
        self._on_commit = on_commit
        self._queue: deque[Part] = deque()
        self._queued_entries = 0
        self._queued_bytes = 0
        self._payloads: set[str] = set()
        self._under_way: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self.committed = committed

    @property
    def is_full(self) -> bool:
        """True when so much waits for the append under way that nothing more should be decided before it has ended."""
        return self._queued_entries >= BACKLOG_ENTRIES or self._queued_bytes >= BACKLOG_BYTES

    @property
    def is_idle(self) -> bool:
        """True when every entry is in the log."""
        return not self._queue and self._under_way is None

    def put(self, entries: Sequence[Entry]) -> None:
        """Queue the entries of one decision."""
        size, queue = self._measure(entries), self._queue
        if not queue or queue[-1].bytes + size > PART_BYTES:
            queue.append(Part())
        part = queue[-1]
        part.entries += entries
        part.bytes += size
        self._queued_entries += len(entries)
        self._queued_bytes += size

    def acknowledge(self, consumed: int, read: int = 0) -> None:
        """Let what was put last acknowledge a command of the mailbox, or (unless 0) a letter of the inbox."""
        if not self._queue:
            self._queue.append(Part())
        part = self._queue[-1]
        part.consumed = max(part.consumed, consumed)
        if read:
            part.read.append(read)

    def flush_soon(self) -> None:
        """See to it that what is queued gets written; raises what made an earlier append fail."""
        if self._failure:
            raise self._failure
        if self._queue and self._under_way is None:
            self._under_way = asyncio.create_task(self._pump())

    async def flushed(self) -> None:
        """Wait until the append under way has ended."""
        if self._under_way:
            await asyncio.wait([self._under_way])
        if self._failure:
            raise self._failure

    async def close(
        self,
        last: Sequence[Entry],
        *,
        consumed: int = 0,
        read: Sequence[int] = (),
        seen: int | None,
        wake_at: int | None = None,
        requeue: bool = False,
    ) -> bool:
        """Write what is queued together with `last` and let go of the execution; False if a command goes first."""
        own = Append(last, consumed=consumed, read=read, seen=seen, release=True, wake_at=wake_at, requeue=requeue)
        return await self._conclude(own) is Verdict.COMMITTED

    async def spawn(self, entries: Sequence[Entry], spawns: Sequence[Spawn]) -> bool:
        """Write what is queued together with the entries that create children; False if their budget is exceeded."""
        return await self._conclude(Append(entries, spawns=spawns)) is Verdict.COMMITTED

    async def _conclude(self, own: Append) -> Verdict:
        """Write everything up to these entries; what is too much for one append is written before in any case."""
        await self.flushed()
        size = self._measure(own.entries)
        while self._queue and self._queued_bytes + size > APPEND_BYTES:
            await self._append()
        whole = replace(
            own,
            entries=[*(entry for part in self._queue for entry in part.entries), *own.entries],
            consumed=max([own.consumed, *(part.consumed for part in self._queue)]),
            read=[*(letter for part in self._queue for letter in part.read), *own.read],
        )
        verdict = await self._ledger.append(whole)
        if verdict is Verdict.COMMITTED:
            self._forget(whole.entries)
        return verdict

    def _forget(self, written: Sequence[Entry]) -> None:
        """Note that all that was queued is written, and something after it."""
        self._queue.clear()
        self._queued_entries = self._queued_bytes = 0
        if written:
            self.committed = written[-1].index

    async def abandon(self) -> None:
        """Stop writing."""
        if self._under_way:
            self._under_way.cancel()
            await asyncio.wait([self._under_way])

    async def _pump(self) -> None:
        try:
            while self._queue:
                await self._append()
        except Exception as error:
            self._failure = error
        finally:
            self._under_way = None
            self._on_commit()

    async def _append(self) -> None:
        append = self._take()
        await self._ledger.append(append)
        if append.entries:
            self.committed = append.entries[-1].index
        self._on_commit()

    def _take(self) -> Append:
        """The oldest decisions that fit into one append, but at least one."""
        entries: list[Entry] = []
        read: list[int] = []
        consumed = size = 0
        while self._queue and (not size or size + self._queue[0].bytes <= APPEND_BYTES):
            part = self._queue.popleft()
            entries += part.entries
            read += part.read
            consumed, size = max(consumed, part.consumed), size + part.bytes
        self._queued_entries -= len(entries)
        self._queued_bytes -= size
        return Append(entries, consumed, read)

    def _measure(self, entries: Sequence[Entry]) -> int:
        """About how many bytes the entries add; a large value is stored once, however many events carry it."""
        size = 0
        for entry in entries:
            text = entry.text
            size += EVENT_BYTES + len(text)
            if PAYLOAD_MARK in text:
                size += self._measure_payloads(entry.event)
        return size

    def _measure_payloads(self, event: Event) -> int:
        size = 0
        for value in event.values():
            if value.payload is not None and value.payload.id not in self._payloads:
                self._payloads.add(value.payload.id)
                size += len(value.payload.text)
        return size
