"""Reading what is streamed over HTTP, as clients do."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from tests.api.client import Json
from tests.api.server import RunningServer
from tests.eventually import PATIENCE

EVENTS = "text/event-stream"
PARTS = "multipart/mixed;subscriptionSpec=1.0"

T = TypeVar("T")

_BOUNDARY = b"\r\n--graphql"


@dataclass(frozen=True, slots=True)
class Sent:
    """An event of a stream; a comment has the name ":"."""

    name: str
    data: str

    @property
    def json(self) -> Json:
        return json.loads(self.data)


@asynccontextmanager
async def posted(server: RunningServer, accept: str, query: str, **variables: Json) -> AsyncIterator[httpx.Response]:
    """The response to a POST, its body not read yet."""
    body = {"query": query, "variables": variables}
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream("POST", server.url, json=body, headers={"accept": accept}) as response,
    ):
        yield response


class EventStream:
    """The events of a response, found as the HTML standard says: one without any line of data is not given out."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self, *, comments: bool = False) -> Sent:
        """The next event, or with `comments` maybe a comment."""
        name, data = "message", list[str]()
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if line == "" and data:
                    return Sent(name, "\n".join(data))
                if line.startswith(":") and comments:
                    return Sent(":", value)
                name = {"": "message", "event": value}.get(field, name) if not line.startswith(":") else name
                data = [*data, value] if field == "data" else data
        raise EOFError

    async def to_the_end(self) -> list[Sent]:
        """All events that are left."""
        return await _to_the_end(self.next)


class Parts:
    """The parts of a response, each given as soon as the boundary behind it is there."""

    def __init__(self, response: httpx.Response) -> None:
        self._chunks = response.aiter_bytes()
        self._text = b""
        self._begun = False
        self.rest = b""

    async def next(self) -> Json:
        """The body of the next part; raises EOFError behind the last, `rest` being what stands there."""
        part = await self._to_boundary()
        if not self._begun:
            assert part == b""
            self._begun, part = True, await self._to_boundary()
        head, _, body = part.partition(b"\r\n\r\n")
        assert head == b"\r\ncontent-type: application/json"
        return json.loads(body)

    async def to_the_end(self) -> list[Json]:
        """The bodies of all parts that are left."""
        return await _to_the_end(self.next)

    async def _to_boundary(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            while _BOUNDARY not in self._text:
                chunk = await anext(self._chunks, None)
                if chunk is None:
                    self.rest = self._text
                    raise EOFError
                self._text += chunk
        part, _, self._text = self._text.partition(_BOUNDARY)
        return part


def batches(results: list[Json]) -> list[Json]:
    """The batches of `executionEvents` in results."""
    return [result["data"]["executionEvents"] for result in results]


def indices(results: list[Json]) -> list[Any]:
    """The indices of all events in results."""
    return [event["index"] for batch in batches(results) for event in batch["events"]]


async def _to_the_end(next_one: Callable[[], Awaitable[T]]) -> list[T]:
    """All that comes until EOFError is raised."""
    found: list[T] = []
    try:
        while True:
            found.append(await next_one())
    except EOFError:
        return found
