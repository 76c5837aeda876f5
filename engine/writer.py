"""The way of an execution's entries into its log: in order, one append under way at a time."""

import asyncio
from collections.abc import Callable, Sequence

from engine.entry import Entry
from engine.ledger import Append, Ledger, Verdict


class Writer:
    """Gathers entries while an append is under way, and sends them with the next.

    `committed` is the index of the last entry that the log is known to have; `on_commit` is called when it moves and
    when the claim is lost.
    """

    def __init__(self, ledger: Ledger, committed: int, on_commit: Callable[[], None]) -> None:
        self._ledger = ledger
        self._on_commit = on_commit
        self._queue: list[Entry] = []
        self._consumed = 0
        self._under_way: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self.committed = committed

    @property
    def queued(self) -> int:
        """How many entries wait for the append under way to end."""
        return len(self._queue)

    @property
    def is_idle(self) -> bool:
        """True when every entry is in the log."""
        return not self._queue and self._under_way is None

    def put(self, entries: Sequence[Entry], consumed: int = 0) -> None:
        """Queue entries, with the mailbox command that they acknowledge."""
        self._queue.extend(entries)
        self._consumed = max(self._consumed, consumed)

    def flush_soon(self) -> None:
        """See to it that what is queued gets written; raises what made an earlier append fail."""
        if self._failure:
            raise self._failure
        if (self._queue or self._consumed) and self._under_way is None:
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
        """Write what is queued together with `last` and let go of the execution; False if a command goes first."""
        await self.flushed()
        append = Append(
            [*self._queue, *last],
            consumed=max(consumed, self._consumed),
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
            while self._queue or self._consumed:
                await self._append()
        except Exception as error:
            self._failure = error
        finally:
            self._under_way = None
            self._on_commit()

    async def _append(self) -> None:
        entries, self._queue = self._queue, []
        consumed, self._consumed = self._consumed, 0
        await self._ledger.append(Append(entries, consumed))
        if entries:
            self.committed = entries[-1].index
        self._on_commit()
