"""A client that asks the same again and again over HTTP and costs next to nothing.

It does not parse what it gets: it looks for the length of each answer, and for an error in the first one.
"""

import asyncio
import time
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

HEAD_END, LENGTH = b"\r\n\r\n", b"content-length: "


class Asker(asyncio.Protocol):
    """One connection; `done` is done when `count` answers are there, `times` are their seconds."""

    def __init__(self, request: bytes, count: int) -> None:
        self._request = request
        self._left = count
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self._began = 0.0
        self.times: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask again when the answer is whole."""
        self._answer += data
        head, end, body = self._answer.partition(HEAD_END)
        if not end or len(body) < int(head.partition(LENGTH)[2].partition(b"\r\n")[0]):
            return
        self.times.append(time.perf_counter() - self._began)
        if not self._answer.startswith(b"HTTP/1.1 200") or b'"errors"' in body:
            self._end(RuntimeError(body[:2_000].decode()))
        elif self._left:
            self._ask()
        else:
            self._end()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail whoever waits for more."""
        self._end(error or ConnectionError("The server closed the connection."))

    def _ask(self) -> None:
        assert self._transport
        self._answer, self._began = b"", time.perf_counter()
        self._left -= 1
        self._transport.write(self._request)

    def _end(self, error: Exception | None = None) -> None:
        if self.done.done():
            return
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)
        if self._transport:
            self._transport.close()


async def ask_all(url: str, query: str, variables: dict[str, Any], *, connections: int, each: int) -> list[float]:
    """Ask on so many connections at once, `each` times; gives the seconds of every answer."""
    where = urlsplit(url)
    body = orjson.dumps({"query": query, "variables": variables})
    head = f"POST {where.path} HTTP/1.1\r\nhost: {where.netloc}\r\ncontent-type: application/json\r\n"
    request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda: Asker(request, each), where.hostname or "", where.port or 80))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(asker.done for asker in opened))
    return [seconds for asker in opened for seconds in asker.times]
