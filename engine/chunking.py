"""The way of a stream's pieces into the log: what comes close together goes as one event.

The first piece goes at once, then a list of all that came meanwhile every `INTERVAL_SECONDS`, and the rest right before
the attempt ends. One list at a time is under way to the log; whoever writes faster than it takes them is held up.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice

from engine.commands import NodeWrote
from engine.errors import ValueRefused
from engine.secret_use import SecretUse
from engine.values import Value

INTERVAL_SECONDS = 0.05
"""There are at most twenty events a second for one stream, and one more at its end."""

CHUNK_BYTES = 1024 * 1024
"""What one event holds unless a single piece is larger, and what may wait for it."""

Report = Callable[[NodeWrote], None]


class Chunking:
    """One stream of one attempt. `report` gets the lists; `taken` must be told when one is on its way to the log."""

    def __init__(self, number: int, attempt: int, port: str, secrets: SecretUse, report: Report) -> None:
        self._number = number
        self._attempt = attempt
        self._port = port
        self._secrets = secrets
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._pieces: deque[Value] = deque()
        self._bytes = 0
        self._written = 0
        self._is_under_way = False
        self._next_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._refusal: ValueRefused | None = None

    async def write(self, piece: Value) -> None:
        """Take a piece, and wait while there are too many; raises `ValueRefused` if it, or one before, is no piece."""
        self._pieces.append(piece)
        self._bytes += len(piece.text)
        self._send_when_due()
        while self._bytes > CHUNK_BYTES and (self._is_under_way or self._timer):
            self._room.clear()
            await self._room.wait()
        if self._refusal:
            raise self._refusal
        await asyncio.sleep(0)

    def taken(self) -> None:
        """Note that the list that was under way is on its way to the log."""
        self._is_under_way = False
        self._room.set()
        self._send_when_due()

    def close(self) -> None:
        """Send the rest; raises `ValueRefused` if something was no piece."""
        self.abandon()
        while self._pieces and not self._refusal:
            self._send(self._fitting(len(self._pieces)))
        if self._refusal:
            raise self._refusal

    def abandon(self) -> None:
        """Send nothing more by itself."""
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _send_when_due(self) -> None:
        if self._is_under_way or self._timer or not self._pieces:
            return
        if self._loop.time() < self._next_at:
            self._timer = self._loop.call_at(self._next_at, self._send_in_time)
        else:
            self._send_certain()

    def _send_in_time(self) -> None:
        self._timer = None
        self._send_certain()
        self._room.set()

    def _send_certain(self) -> None:
        """Send what no further piece can make a secret of."""
        self._next_at = self._loop.time() + INTERVAL_SECONDS
        count = self._fitting(self._secrets.certain_pieces(self._pieces))
        if not count and self._bytes > CHUNK_BYTES:
            count = self._disentangled()
        if count:
            self._send(count)
            self._is_under_way = self._refusal is None

    def _disentangled(self) -> int:
        """Scrub what waits, where secrets that go from each piece into the next would hold it back without end."""
        if scrubbed := self._scrubbed(list(self._pieces)):
            self._pieces = deque(map(Value.of, scrubbed.fresh()))
            self._bytes = sum(len(piece.text) for piece in self._pieces)
        return 0 if self._refusal else self._fitting(self._secrets.certain_pieces(self._pieces))

    def _fitting(self, most: int) -> int:
        """How many of the first pieces go together."""
        size = 0
        for count, piece in enumerate(islice(self._pieces, most)):
            size += len(piece.text)
            if count and size > CHUNK_BYTES:
                return count
        return most

    def _send(self, count: int) -> None:
        pieces = [self._pieces.popleft() for _ in range(count)]
        self._bytes -= sum(len(piece.text) for piece in pieces)
        sequence, self._written = self._written, self._written + count
        if chunk := self._scrubbed(pieces):
            self._report(NodeWrote(self._number, self._attempt, self._port, sequence, count, chunk))

    def _scrubbed(self, pieces: list[Value]) -> Value | None:
        """The pieces without secrets; None if one is no piece any more."""
        try:
            return self._secrets.scrub_pieces(pieces)
        except ValueRefused as error:
            self._refusal = ValueRefused(f"Output '{self._port}': {error.message}")
            return None
