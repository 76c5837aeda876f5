"""Messages between a worker and the processes of its nodes: JSON, each with its length in four bytes before it."""

import asyncio
import socket
import struct
from typing import Any

import orjson

_LENGTH = struct.Struct(">I")

Message = dict[str, Any]


def framed(message: Message) -> bytes:
    """A message as it is sent; raises `TypeError` for what is no JSON."""
    text = orjson.dumps(message)
    return _LENGTH.pack(len(text)) + text


async def read_frame(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None when the other side is gone."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return _parsed(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def receive_frame(connection: socket.socket) -> Message | None:
    """As `read_frame`, for a socket that blocks."""
    head = _receive(connection, _LENGTH.size)
    text = head and _receive(connection, _LENGTH.unpack(head)[0])
    return _parsed(text) if text else None


def _receive(connection: socket.socket, length: int) -> bytes | None:
    found = bytearray()
    while len(found) < length:
        try:
            part = connection.recv(min(length - len(found), 1 << 20))
        except ConnectionError:
            return None
        if not part:
            return None
        found += part
    return bytes(found)


def _parsed(text: bytes) -> Message:
    message: Message = orjson.loads(text)
    return message
