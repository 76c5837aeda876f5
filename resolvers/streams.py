"""Answers over HTTP that go on: results of an operation as they come, with signs of life in between."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, aclosing
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from resolvers.metrics import SUBSCRIBERS
from resolvers.operations import OperationFailed
from resolvers.sending import Sender, TooSlow

HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}
"""No cache and no proxy is to hold a stream back."""


class Framing(Protocol):
    """How a kind of stream is written; `beat` is sent every `beat_seconds` to show that it lives."""

    transport: str
    media_type: str
    begin: bytes
    beat: bytes
    beat_seconds: float
    end: bytes

    def result(self, text: bytes) -> bytes:
        """Write a result, which is JSON text."""

    def failure(self, errors: list[Any], begun: bool) -> bytes:
        """Write why there are no results, or, if it has `begun`, no further ones."""


class Stream(Response):
    """Sends results until there are no more or the client is gone; then it frees what they hold, and its `place`.

    `abort` cuts the connection; it is called when the client does not read for too long.
    """

    def __init__(
        self, found: AsyncGenerator[bytes, None], framing: Framing, place: ExitStack, abort: Callable[[], None]
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({**HEADERS, "content-type": framing.media_type})
        self._found = found
        self._framing = framing
        self._place = place
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._send = Sender(send)
        with SUBSCRIBERS.labels(self._framing.transport).track_inprogress():
            await self._stream(receive)

    async def _stream(self, receive: Receive) -> None:
        try:
            with self._place:
                await self._serve(receive)
        except* TooSlow:
            self._abort()

    async def _serve(self, receive: Receive) -> None:
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(self._beat())
            writing = tasks.create_task(self._write(beating))
            await _gone(receive)
            beating.cancel()
            writing.cancel()

    async def _write(self, beating: asyncio.Task[None]) -> None:
        async with aclosing(self._found):
            await self._send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send(_chunk(self._framing.begin))
            await self._write_results()
        beating.cancel()
        await self._send({**_chunk(self._framing.end), "more_body": False})

    async def _write_results(self) -> None:
        begun = False
        try:
            async for text in self._found:
                await self._send(_chunk(self._framing.result(text)))
                begun = True
        except OperationFailed as failed:
            await self._send(_chunk(self._framing.failure(failed.shown, begun)))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._framing.beat_seconds)
            await self._send(_chunk(self._framing.beat))


def _chunk(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _gone(receive: Receive) -> None:
    """Wait until the client is gone, or has the whole answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
