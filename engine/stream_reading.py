"""How nodes read the streams that others write: from what has just been written, or from the log."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import takewhile
from typing import Any

from engine.entry import Entry
from engine.errors import InputError, NodeError
from engine.events import NodeOutputChunk
from engine.ledger import Ledger
from engine.pieces import Pieces
from engine.ports import PortKind, misplaced_secret
from engine.secret_reference import has_reference
from engine.state import State
from engine.status import NODE_CODES, NodeStatus
from engine.stream_reference import stream_source

KEPT_BYTES = 4 * 1024 * 1024
"""What is kept of the newest pieces of all streams of an execution; older ones are read from the log."""

Chunk = tuple[int, NodeOutputChunk]
"""An event with its index."""


class StreamReading:
    """Reads the streams of one execution. `note` must be told of each chunk, `stir` whenever anything has changed.

    What is not safe reads only what is committed, up to the index that `committed` gives.
    """

    def __init__(self, state: State, ledger: Ledger, committed: Callable[[], int]) -> None:
        self._state = state
        self._ledger = ledger
        self._committed = committed
        self._kept: dict[tuple[str, str], deque[Chunk]] = {}
        self._order: deque[tuple[str, str]] = deque()
        self._bytes = 0
        self._waiting: list[asyncio.Future[None]] = []

    def note(self, entry: Entry, event: NodeOutputChunk) -> None:
        """Keep a chunk for its readers, and let go of the oldest that the log has where that makes too much."""
        if not self._state.plan.node(event.node_id).has_reader(event.port):
            return
        key = event.node_id, event.port
        self._kept.setdefault(key, deque()).append((entry.index, event))
        self._order.append(key)
        self._bytes += len(event.chunk.text)
        while self._bytes > KEPT_BYTES and self._kept[self._order[0]][0][0] <= self._committed():
            self._bytes -= len(self._kept[self._order.popleft()].popleft()[1].chunk.text)

    def stir(self) -> None:
        """Let those who wait for more look again."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)

    def open(self, reference: Any, port: str, *, is_safe: bool) -> Pieces:
        """The pieces of the stream that a reference names, for the input `port` of a node."""
        return Pieces(self._read(*stream_source(reference), port, is_safe))

    async def _read(self, node_id: str, output: str, port: str, is_safe: bool) -> AsyncIterator[Any]:
        seen, index = 0, -1
        while True:
            chunks = await self._next(node_id, output, seen, index, is_safe)
            for _, event in chunks:
                if event.port == output and event.sequence == seen:
                    seen += event.count
                    for piece in _pieces(event, port):
                        yield piece
            if chunks:
                index = chunks[-1][0]
            elif self._is_over(node_id, output, seen):
                break
            else:
                await self._change()
        await self._end(node_id, output, is_safe)

    async def _next(self, node_id: str, output: str, seen: int, index: int, is_safe: bool) -> Sequence[Chunk]:
        """What comes after `seen` pieces, the last of them in the event at `index`, as far as it may be read by now."""
        stream = self._state.nodes[self._state.plan.numbers[node_id]].streams.get(output)
        if stream is None or seen >= stream.pieces:
            return []
        kept = self._kept.get((node_id, output), ())
        newest = list(takewhile(lambda each: each[0] > index and each[1].attempt == stream.attempt, reversed(kept)))
        if newest and newest[-1][1].sequence <= seen:
            committed = self._committed()
            return [each for each in reversed(newest) if is_safe or each[0] <= committed]
        return await self._ledger.chunks(node_id, max(index + 1, stream.first_index))

    def _is_over(self, node_id: str, output: str, seen: int) -> bool:
        record = self._state.nodes[self._state.plan.numbers[node_id]]
        return record.status.ended and seen >= record.pieces(output)

    async def _end(self, node_id: str, output: str, is_safe: bool) -> None:
        """Wait until the end may be known; raises `NodeError` if it is one with an error."""
        last = self._state.last_index
        while not is_safe and self._committed() < last:
            await self._change()
        record = self._state.nodes[self._state.plan.numbers[node_id]]
        if record.status is not NodeStatus.COMPLETED:
            code, said = (record.error.code, record.error.message) if record.error else (None, "")
            message = f"The stream {node_id}.{output} broke off, because its node failed: {said}"
            raise NodeError(message, code=code if code in NODE_CODES else None)

    async def _change(self) -> None:
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(change)
        await change


def _pieces(event: NodeOutputChunk, port: str) -> Sequence[Any]:
    if has_reference(event.chunk.data, event.chunk.text):
        raise InputError(f"Input '{port}': {misplaced_secret(PortKind.STREAM)}")
    pieces: list[Any] = event.chunk.fresh()
    return pieces
