"""Following an execution through connections that drop."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tidegate import event_stream
from tidegate.client import Refused
from tidegate.event_stream import NotSubscribed, StreamLost, follow

Script = Callable[[ServerConnection, int], Awaitable[None]]


class Server:
    """A server that goes by a script: one coroutine for each connection, told where the client resumes."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self.resumed_at: list[int] = []
        self.url = ""

    async def handle(self, socket: ServerConnection) -> None:
        assert json.loads(await socket.recv())["type"] == "connection_init"
        await socket.send('{"type": "connection_ack"}')
        asked = json.loads(await socket.recv())
        start = asked["payload"]["variables"]["from"]
        self.resumed_at.append(start)
        await self._scripts.pop(0)(socket, start)


@asynccontextmanager
async def serving(*scripts: Script) -> AsyncIterator[Server]:
    server = Server(*scripts)
    async with serve(server.handle, "127.0.0.1", 0, subprotocols=[event_stream.PROTOCOL]) as listener:
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/graphql"
        yield server


async def send(socket: ServerConnection, kind: str, payload: Any = None) -> None:
    await socket.send(json.dumps({"type": kind, "id": "events", "payload": payload}))


async def send_batch(socket: ServerConnection, *indices: int, next_index: int, status: str = "RUNNING") -> None:
    batch = {"events": [{"index": index} for index in indices], "nextIndex": next_index, "status": status}
    await send(socket, "next", {"data": {"executionEvents": batch}})


async def two_then_drop(socket: ServerConnection, start: int) -> None:
    await send_batch(socket, start, start + 1, next_index=start + 2)


async def the_end(socket: ServerConnection, start: int) -> None:
    await send_batch(socket, start, next_index=start + 1, status="COMPLETED")
    await send(socket, "complete")
    await socket.wait_closed()


async def complete_too_early(socket: ServerConnection, start: int) -> None:
    await send_batch(socket, next_index=start)
    await send(socket, "complete")
    await socket.wait_closed()


def failing(code: str) -> Script:
    async def script(socket: ServerConnection, start: int) -> None:
        await send(socket, "error", [{"message": "No.", "extensions": {"code": code}}])
        await socket.wait_closed()

    return script


def closing(code: int) -> Script:
    async def script(socket: ServerConnection, start: int) -> None:
        await socket.close(code, "No.")

    return script


async def indices(url: str, **options: Any) -> list[int]:
    return [event["index"] async for batch in follow(url, "EX1", **options) for event in batch.events]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "GIVE_UP_AFTER", 0.3)


async def test_a_dropped_stream_is_resumed_where_it_was():
    drops: list[str] = []

    async with serving(two_then_drop, two_then_drop, the_end) as server:
        assert await indices(server.url, on_drop=drops.append) == [-1, 0, 1, 2, 3]

    assert server.resumed_at == [-1, 1, 3]
    assert len(drops) == 2


@pytest.mark.parametrize("trouble", [closing(1012), failing("INTERNAL_SERVER_ERROR"), complete_too_early])
async def test_a_server_that_goes_away_for_a_while_is_waited_for(trouble):
    async with serving(two_then_drop, trouble, the_end) as server:
        assert await indices(server.url) == [-1, 0, 1]


@pytest.mark.parametrize("refusal", [failing("NOT_FOUND"), failing("BAD_USER_INPUT"), closing(4403)])
async def test_a_refusal_is_final(refusal):
    async with serving(two_then_drop, refusal) as server:
        with pytest.raises(Refused, match="No"):
            await indices(server.url)


async def test_an_ended_execution_without_more_events_is_no_loss():
    async def nothing(socket: ServerConnection, start: int) -> None:
        await send(socket, "complete")
        await socket.wait_closed()

    async with serving(nothing) as server:
        assert await indices(server.url, from_index=99) == []


async def test_a_server_that_stays_away_is_given_up_with_the_place_to_resume(impatient):
    async with serving(two_then_drop, *[closing(1011)] * 20) as server:
        with pytest.raises(StreamLost, match="tidegate events EX1 --follow --from 1"):
            await indices(server.url)


async def test_a_stream_that_cannot_begin_fails_at_once():
    async with serving() as server:
        pass

    with pytest.raises(NotSubscribed, match="start one with: tidegate dev"):
        await indices(server.url)
