"""A subscriber over a WebSocket that costs next to nothing, so that many of them do not measure themselves.

It speaks just enough of graphql-transport-ws and does not parse what it gets: it looks for marks in the bytes.
"""

import asyncio
import base64
import os
import struct
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

COMPLETE = b'"type":"complete"'
FAILED = b'"type":"error"'
NEXT = b'"type":"next"'
TEXT_FRAME, MASKED = 0x81, 0x80
MASK = b"\0\0\0\0"
"""A mask that changes nothing: a client must have one."""


class Subscriber(asyncio.Protocol):
    """One socket with one subscription.

    `live` is done when the first result is there, `complete` when the stream has ended; `bytes` counts what came.
    """

    def __init__(self, path: str, query: str, variables: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        self._path = path
        self._payload = {"query": query, "variables": variables}
        self._transport: asyncio.Transport | None = None
        self._tail = b""
        self.bytes = 0
        self.live: asyncio.Future[None] = loop.create_future()
        self.complete: asyncio.Future[None] = loop.create_future()

    @classmethod
    async def open(cls, url: str, query: str, **variables: Any) -> "Subscriber":
        """Connect and subscribe at once."""
        where = urlsplit(url)
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(
            lambda: cls(where.path, query, variables), where.hostname or "", where.port or 80
        )
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands and send everything without waiting for answers."""
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        host = ":".join(str(part) for part in self._transport.get_extra_info("peername")[:2])
        self._transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Count, and look for marks, also where they were cut."""
        if not self.bytes:
            self._send({"type": "connection_init"})
            self._send({"type": "subscribe", "id": "1", "payload": self._payload})
        self.bytes += len(data)
        seen = self._tail + data
        self._tail = data[-len(COMPLETE) :]
        if not self.live.done() and NEXT in seen:
            self.live.set_result(None)
        if FAILED in seen:
            self._end(RuntimeError(seen[-2_000:].decode(errors="replace")))
        elif COMPLETE in seen:
            self._end()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail whoever waits for more."""
        self._end(error or ConnectionError("The server closed the connection."))

    def freeze(self) -> None:
        """Read nothing any more."""
        assert self._transport
        self._transport.pause_reading()

    def close(self) -> None:
        """Hang up."""
        for waited_for in (self.live, self.complete):
            waited_for.cancel()
        if self._transport:
            self._transport.abort()

    def _end(self, error: Exception | None = None) -> None:
        for waited_for in (self.live, self.complete):
            if waited_for.done():
                continue
            if error:
                waited_for.set_exception(error)
            else:
                waited_for.set_result(None)

    def _send(self, message: dict[str, Any]) -> None:
        assert self._transport
        text = orjson.dumps(message)
        length = (
            bytes([MASKED | len(text)]) if len(text) < 126 else bytes([MASKED | 126]) + struct.pack("!H", len(text))
        )
        self._transport.write(bytes([TEXT_FRAME]) + length + MASK + text)
