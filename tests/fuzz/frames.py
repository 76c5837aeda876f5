"""Frames of a WebSocket as bytes, and random conversations of them."""

import json
import random
import struct
from collections.abc import Iterator
from typing import Any

from tests.fuzz.documents import Operations, large_document
from tests.fuzz.texts import damaged
from tests.fuzz.values import json_value

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n%b\r\n"
)
PROTOCOL = b"sec-websocket-protocol: graphql-transport-ws\r\n"
ODD_HEADERS = (
    b"sec-websocket-protocol: graphql-ws\r\n",
    b"sec-websocket-protocol: ,,\r\n",
    b"",
    b"sec-websocket-version: 7\r\n",
    b"sec-websocket-extensions: permessage-deflate\r\n" + PROTOCOL,
    b"origin: http://[\r\n" + PROTOCOL,
)
TYPES = (
    "connection_init",
    "connection_ack",
    "subscribe",
    "subscribe",
    "subscribe",
    "next",
    "error",
    "complete",
    "ping",
    "pong",
    "start",
    "",
    "x" * 5_000,
)
KEYS = ("type", "id", "payload", "extensions")


def frame(opcode: int, data: bytes, *, first: int = 0x80, mask: bytes = b"\0\0\0\0") -> bytes:
    """One frame; `first` are the bits beside the opcode, an empty mask makes it one that no client may send."""
    bit = 0x80 if mask else 0
    if len(data) < 126:
        head = struct.pack("!BB", first | opcode, bit | len(data))
    elif len(data) < 65_536:
        head = struct.pack("!BBH", first | opcode, bit | 126, len(data))
    else:
        head = struct.pack("!BBQ", first | opcode, bit | 127, len(data))
    return head + mask + data


def text(message: Any) -> bytes:
    """A message as a frame; a mask of zeros leaves it as it is."""
    return frame(TEXT, json.dumps(message).encode())


def handshake(dice: random.Random) -> bytes:
    """Nearly always a right one."""
    return HANDSHAKE % (PROTOCOL if dice.random() < 0.95 else dice.choice(ODD_HEADERS))


def conversation(dice: random.Random, operations: Operations) -> Iterator[bytes]:
    """What one client sends after the handshake."""
    if dice.random() < 0.9:
        yield text(
            {"type": "connection_init", "payload": dice.choice(({}, {}, None, {"token": 7}, {"authorization": "x"}))}
        )
    for _ in range(dice.choice((1, 5, 20))):
        yield _sent(dice, operations)


def _sent(dice: random.Random, operations: Operations) -> bytes:
    chance = dice.random()
    if chance < 0.75:
        return text(_subscribe(dice, operations))
    if chance < 0.9:
        return text(
            {"type": dice.choice(TYPES), "id": dice.choice("123"), "payload": dice.choice((None, {}, json_value(dice)))}
        )
    return _odd_frame(dice)


def _subscribe(dice: random.Random, operations: Operations) -> Any:
    body = operations.body(("query", "mutation", "subscription", "subscription"))
    match dice.randrange(10):
        case 0:
            body["query"] = damaged(dice, body["query"])
        case 1:
            body["query"] = large_document(dice)
        case 2:
            body[dice.choice(("query", "variables", "operationName", "extensions", "documentId"))] = json_value(dice)
    return {"type": "subscribe", "id": dice.choice("0123456789abcdef"), "payload": body}


def _odd_frame(dice: random.Random) -> bytes:
    ping = json.dumps({"type": "ping"}).encode()
    match dice.randrange(9):
        case 0:
            return frame(BINARY, ping)
        case 1:
            return frame(
                TEXT,
                dice.choice(
                    (
                        b"",
                        b"{",
                        b"[]",
                        b"null",
                        b"7",
                        b'{"type":7}',
                        b'"ping"',
                        b"\xff\xfe",
                        b"[" * 60_000,
                        b"9" * 9_000,
                    )
                ),
            )
        case 2:
            return frame(
                TEXT, json.dumps({"type": "ping", "payload": {"a": "x" * dice.choice((70_000, 1_100_000))}}).encode()
            )
        case 3:
            return frame(TEXT, ping[:5], first=0) + frame(PING, b"x" * 125) + frame(0, ping[5:])
        case 4:
            return frame(0, ping)
        case 5:
            return frame(CLOSE, dice.choice((b"", b"\x03\xe8", b"\x03", b"\x00\x01", b"\x03\xe8\xff")))
        case 6:
            return frame(
                dice.randrange(16), dice.randbytes(dice.choice((0, 5, 126))), first=dice.choice((0x80, 0xC0, 0xF0, 0))
            )
        case 7:
            return frame(TEXT, ping, mask=dice.choice((b"", b"\x01\x02\x03\x04")))
        case _:
            return text({key: json_value(dice) for key in KEYS})


def read_frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The opcodes and contents of what the server sent; it does not split messages."""
    while len(data) >= 2:
        length, start = data[1] & 0x7F, 2
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(data[2:start], "big")
        if len(data) < start + length:
            return
        yield data[0] & 0x0F, data[start : start + length]
        data = data[start + length :]
