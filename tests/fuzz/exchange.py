"""Sending bytes to the server and reading what it says, with a client that minds nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from tests.fuzz.frames import CLOSE, TEXT, read_frames, text
from tests.fuzz.verdict import Heard

PATIENCE = 20.0
"""Seconds that an answer may take."""
SILENCE = 0.3
"""Seconds after which a server that has said something, or waits for more of a request, is left."""
FAREWELL = text({"type": "ping", "payload": {"last": True}})
LAST = b'{"last":true}'


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that is cut in the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def exchange(port: int, data: bytes, *, is_whole: bool = True) -> bytes:
    """What the server says to a request until it closes, or else until it is silent for a while.

    To what is not a whole request the server may well say nothing.
    """
    async with connected(port) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            return await _answer(reader, writer, data, is_whole)
    return b""


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes, is_whole: bool) -> bytes:
    writer.write(data)
    answer = b""
    whole = asyncio.timeout(PATIENCE)
    with contextlib.suppress(ConnectionError):
        async with whole:
            while chunk := await _chunk(reader, waits_long=is_whole and not answer):
                answer += chunk
    return answer


async def _chunk(reader: asyncio.StreamReader, *, waits_long: bool) -> bytes:
    try:
        async with asyncio.timeout(PATIENCE / 2 if waits_long else SILENCE):
            return await reader.read(65_536)
    except TimeoutError:
        if waits_long:
            raise
        return b""


async def talk(port: int, handshake: bytes, frames: Sequence[bytes]) -> Heard:
    """Shake hands, say all at once, and hear what comes until the answer to a last ping, or the end."""
    async with connected(port) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(handshake)
            head = await _until(reader, lambda data: b"\r\n\r\n" in data)
            if b" 101 " in head.partition(b"\r\n")[0]:
                writer.write(b"".join(frames) + FAREWELL)
                return _heard(head.partition(b"\r\n\r\n")[2] + await _until(reader, _is_over))
    return Heard()


async def _until(reader: asyncio.StreamReader, is_enough: Callable[[bytes], bool]) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while not is_enough(data) and (chunk := await reader.read(65_536)):
                data += chunk
    return data


def _is_over(data: bytes) -> bool:
    """Whether the last ping is answered, or the server closes and waits for the same of us."""
    return LAST in data or _heard(data).close is not None


def _heard(data: bytes) -> Heard:
    heard = Heard()
    for opcode, content in read_frames(data):
        if opcode == TEXT:
            heard.texts.append(content.decode())
        elif opcode == CLOSE:
            heard.close = int.from_bytes(content[:2], "big") if content else 1005
    return heard
