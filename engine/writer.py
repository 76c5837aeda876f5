"""The way of an execution's entries into its log: in order, one append under way at a time."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.entry import Entry
from engine.ledger import Append, Ledger, Verdict

BACKLOG_ENTRIES = 512
BACKLOG_BYTES = 8 * 1024 * 1024
"""What may wait for the append under way before the execution waits for it."""

APPEND_BYTES = 8 * 1024 * 1024
"""What one append holds, unless a single decision is larger."""

EVENT_BYTES = 256
"""What an event takes beside its values."""


class Part(NamedTuple):
    """The entries of one decision, their bytes, and the mailbox command that they acknowledge (0: none)."""

    entries: Sequence[Entry]
    bytes: int
    consumed: int


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

    def put(self, entries: Sequence[Entry], consumed: int = 0) -> None:
        """Queue the entries of one decision, with the mailbox command that they acknowledge."""
        if entries or consumed:
            part = Part(entries, self._measure(entries), consumed)
            self._queue.append(part)
            self._queued_entries += len(entries)
            self._queued_bytes += part.bytes

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
        seen: int | None,
        wake_at: int | None = None,
        requeue: bool = False,
    ) -> bool:
        """Write what is queued together with `last` and let go of the execution; False if a command goes first.

        What is too much for one append is written before, whatever becomes of the rest.
        """
        await self.flushed()
        size = self._measure(last)
        while self._queue and self._queued_bytes + size > APPEND_BYTES:
            await self._append()
        append = Append(
            [*(entry for part in self._queue for entry in part.entries), *last],
            consumed=max([consumed, *(part.consumed for part in self._queue)]),
            seen=seen,
            release=True,
            wake_at=wake_at,
            requeue=requeue,
        )
        return await self._ledger.append(append) is Verdict.COMMITTED

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
        entries, consumed = self._take()
        await self._ledger.append(Append(entries, consumed))
        if entries:
            self.committed = entries[-1].index
        self._on_commit()

    def _take(self) -> tuple[list[Entry], int]:
        """The oldest decisions that fit into one append, but at least one; and the last command among them."""
        entries: list[Entry] = []
        consumed = size = 0
        while self._queue and (not size or size + self._queue[0].bytes <= APPEND_BYTES):
            part = self._queue.popleft()
            entries.extend(part.entries)
            consumed, size = max(consumed, part.consumed), size + part.bytes
        self._queued_entries -= len(entries)
        self._queued_bytes -= size
        return entries, consumed

    def _measure(self, entries: Sequence[Entry]) -> int:
        """About how many bytes the entries add; a large value is stored once, however many events carry it."""
        size = EVENT_BYTES * len(entries)
        for entry in entries:
            for value in entry.event.values():
                size += len(value.wire)
                if value.payload and value.payload.id not in self._payloads:
                    self._payloads.add(value.payload.id)
                    size += len(value.payload.text)
        return size
