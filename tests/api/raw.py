"""Clients that are only a socket: they read when they are told to, and leave without a word."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.api.client import Json
from tests.api.server import RunningServer
from tests.api.streaming import EVENTS, PARTS
from tests.eventually import PATIENCE

KINDS = ("socket", "events", "parts")
"""The ways to subscribe."""

ACCEPT = {"events": EVENTS, "parts": PARTS}


class Raw:
    """A connection that reads nothing by itself."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    async def read_until(self, mark: bytes) -> None:
        """Read up to a mark, or a little further."""
        text = b""
        async with asyncio.timeout(PATIENCE):
            while mark not in text:
                chunk = await self._loop.sock_recv(self._socket, 1024)
                assert chunk, text
                text += chunk

    def leave(self, *, reset: bool) -> None:
        """End the connection, with a reset or as usual."""
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


@asynccontextmanager
async def raw_connection(server: RunningServer) -> AsyncIterator[Raw]:
    with socket.socket() as connection:
        # Set before connecting, or the system makes more room by itself.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", server.port))
        yield Raw(connection)


@asynccontextmanager
async def raw_subscriber(server: RunningServer, kind: str, query: str, **variables: Json) -> AsyncIterator[Raw]:
    """A connection that has subscribed and seen the first result."""
    payload = {"query": query, "variables": variables}
    async with raw_connection(server) as raw:
        await (_subscribe(raw, payload) if kind == "socket" else raw.send(post(payload, accept=ACCEPT[kind])))
        await raw.read_until(b"executionEvents")
        yield raw


def post(payload: Json, **headers: str) -> bytes:
    """A whole request."""
    body = json.dumps(payload).encode()
    head = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST /graphql HTTP/1.1\r\n{lines}\r\n".encode() + body


async def _subscribe(raw: Raw, payload: Json) -> None:
    await raw.send(
        b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
        b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    )
    await raw.read_until(b"\r\n\r\n")
    await raw.send(_frame({"type": "connection_init"}))
    await raw.send(_frame({"type": "subscribe", "id": "1", "payload": payload}))


def _frame(message: Json) -> bytes:
    """A text frame of fewer than 64 KiB; a mask of zeros leaves it as it is."""
    text = json.dumps(message).encode()
    return struct.pack("!BBH4x", 0x81, 0x80 | 126, len(text)) + text
