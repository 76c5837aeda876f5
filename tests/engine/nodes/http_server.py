"""A small HTTP server on the loopback interface, which answers as a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Received:
    """A request as the server saw it."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Received], bytes]


@dataclass
class Server:
    """Answers each request by what `answers` holds for its path, and keeps the request."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                request = await _read(reader)
                self.received.append(request)
                path = request.line.split()[1].partition("?")[0]
                writer.write(self.answers[path](request) if path in self.answers else answer(404))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def hang_up(self) -> None:
        """Close all connections, whoever may still keep his."""
        for each in self.connections:
            each.close()
        await asyncio.gather(*(each.wait_closed() for each in self.connections), return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in head[1:] if line)}
    return Received(head[0], headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(status: int, location: str) -> Callable[[Received], bytes]:
    return lambda _: answer(status, b"", f"Location: {location}")


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    """A running server on a free port."""
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server
        await server.hang_up()
