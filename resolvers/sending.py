"""Sending to clients that may read slowly, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Message

from resolvers.metrics import SLOW_CLIENTS

SEND_SECONDS = 30.0
"""How long a client may take to make room for a message.

A connection buffers 64 KiB and the message that passes this mark; the next one has to wait until the client has read.
"""


class TooSlow(Exception):
    """The client has not made room for a message in time."""


class Sender:
    """Sends one message after the other, whoever sends them, each within `SEND_SECONDS`; raises `TooSlow`."""

    def __init__(self, send: Callable[[Message], Awaitable[None]]) -> None:
        self._send = send
        self._turn = asyncio.Lock()

    async def __call__(self, message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS), self._turn:
                await self._send(message)
        except TimeoutError:
            SLOW_CLIENTS.inc()
            raise TooSlow from None
