"""A TCP relay between a client and a server, which a test cuts or blocks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65536


class Proxy:
    """Passes bytes on, until told otherwise; counts the faults that it caused in `cuts`."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self._passes = asyncio.Event()
        self.needle: bytes | None = None
        self.held_needle: bytes | None = None
        self.holds = 0
        self.before = False
        self.refuses = False
        self.refused = 0
        self.cuts = 0
        self.url = ""

    def cut_the_answer_to(self, needle: bytes) -> None:
        """Pass the next request on that has these bytes, and cut its connection instead of passing the answer back."""
        self.needle, self.before = needle, False

    def cut_the_request_with(self, needle: bytes) -> None:
        """Cut the connection on which the next request with these bytes comes, before the server sees it."""
        self.needle, self.before = needle, True

    def hold_the_answer_to(self, needle: bytes) -> None:
        """Pass the next request on that has these bytes, and keep the answer until `pass_on`; `holds` counts it."""
        self.held_needle = needle
        self.holds = 0
        self._passes.clear()

    def pass_on(self) -> None:
        """Pass on what was held."""
        self._passes.set()

    async def passes(self) -> None:
        """Wait until nothing is held any more."""
        await self._passes.wait()

    def cut_all(self) -> None:
        """Cut every connection that there is now."""
        for link in list(self._links):
            link.cut()

    def block(self) -> None:
        """Pass nothing on any more on the connections that there are now, and say nothing about it."""
        for link in self._links:
            link.blocked = True

    @property
    def connections(self) -> int:
        """How many connections there are now."""
        return len(self._links)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        account, at, _ = self._target.netloc.rpartition("@")
        self.url = urlunsplit(self._target._replace(netloc=f"{account}{at}127.0.0.1:{port}"))

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        self.cut_all()
        self.pass_on()
        await asyncio.gather(*(link.ended.wait() for link in list(self._links)))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            self.refused += 1
            writer.transport.abort()
            return
        there = await asyncio.open_connection(self._target.hostname, self._target.port)
        link = Link(self, (reader, writer), there)
        self._links.add(link)
        await link.run()
        self._links.discard(link)


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: Stream, server: Stream) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._cuts_answer = False
        self._holds_answer = False
        self.blocked = False
        self.ended = asyncio.Event()

    async def run(self) -> None:
        """Pass bytes on until either side closes."""
        ways = {asyncio.create_task(self._requests()), asyncio.create_task(self._answers())}
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        self.cut()
        await asyncio.wait(ways)
        self.ended.set()

    def cut(self) -> None:
        """Cut both sides at once."""
        self._client[1].transport.abort()
        self._server[1].transport.abort()

    async def _requests(self) -> None:
        while data := await _read(self._client[0]):
            if self._proxy.needle and self._proxy.needle in data:
                self._proxy.needle = None
                self._proxy.cuts += 1
                if self._proxy.before:
                    return
                self._cuts_answer = True
            if self._proxy.held_needle and self._proxy.held_needle in data:
                self._proxy.held_needle = None
                self._holds_answer = True
            if not self.blocked:
                self._server[1].write(data)

    async def _answers(self) -> None:
        while data := await _read(self._server[0]):
            if self._cuts_answer:
                return
            if self._holds_answer:
                self._proxy.holds += 1
                await self._proxy.passes()
                self._holds_answer = False
            if not self.blocked:
                self._client[1].write(data)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(CHUNK)
    except OSError:
        return b""


@asynccontextmanager
async def proxy(url: str) -> AsyncIterator[Proxy]:
    """A proxy before the server of `url`; `proxy.url` goes through it."""
    opened = Proxy(url)
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stop()
