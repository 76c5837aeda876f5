"""What becomes of clients that stop reading, or are gone, in the three ways to subscribe."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

import asyncpg
import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from engine.values import Value
from resolvers.app import SERVER_OPTIONS
from tests.api.client import Client, Socket, opened_socket
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append, completed
from tests.api.raw import KINDS, post, raw_connection, raw_subscriber
from tests.api.server import RunningServer, running_server
from tests.eventually import eventually

WATCH = "subscription($id: ID!) { executionEvents(executionId: $id) { nextIndex events { index data } } }"
LARGE = replace(completed(), outputs={"result": Value.of("x" * 60_000)})
LARGE_EVENTS = [LARGE] * 400
"""24 MB, more than the system buffers for a connection of this machine."""

BUFFERED_AT_MOST = 3 * 1024 * 1024
"""Bytes of a full batch as it is sent, and what was in the connection's buffer before."""


@pytest.fixture
async def execution(client: Client) -> str:
    return await client.create_execution(await client.create_flow())


class Held:
    """What a server holds for clients that came later."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._tasks, self._connections = asyncio.all_tasks(), server.connections
        self.most_unsent = 0

    def is_free(self) -> bool:
        """Whether nothing is left: no follower, no watch, no task, no connection."""
        server, tailer = self._server, self._server.services.tailer
        self.most_unsent = max(self.most_unsent, server.unsent)
        new = (server.connections - self._connections) | (asyncio.all_tasks() - self._tasks)
        return tailer.followed == tailer._wakeups.watched == len(new) == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_that_stops_reading_is_cut_and_nothing_is_left_of_it(
    client: Client, execution: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("resolvers.sending.SEND_SECONDS", 0.5)
    monkeypatch.setattr("resolvers.sockets.CLOSE_SECONDS", 0.1)
    held = Held(client.server)
    async with raw_subscriber(client.server, kind, WATCH, id=execution):
        assert not held.is_free()
        await append(connection, execution, FLOW_STARTED, *LARGE_EVENTS)
        # The library of the sockets would let go of the connection, too, ten seconds after its close was asked for.
        await eventually(held.is_free, within=8)
    assert 0 < held.most_unsent < BUFFERED_AT_MOST


async def test_a_client_that_answers_no_ping_is_cut_however_long_a_message_may_wait(
    database_url: str, redis_url: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.connections.LINGER_SECONDS", 0.1)
    options = {**SERVER_OPTIONS, "ws_ping_interval": 3, "ws_ping_timeout": 0.1}
    monkeypatch.setattr("tests.api.server.SERVER_OPTIONS", options)
    async with running_server(database_url, redis_url) as server, httpx.AsyncClient() as http:
        client = Client(server, http)
        execution = await client.create_execution(await client.create_flow())
        # Written before the clock of the pings runs, for it takes seconds where the machine is slow.
        await append(connection, execution, FLOW_STARTED, *LARGE_EVENTS)
        held = Held(server)
        async with raw_subscriber(server, "socket", WATCH, id=execution):
            await eventually(lambda: server.unsent > 0)
            await eventually(held.is_free)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_that_stops_reading_slows_nobody(
    client: Client, execution: str, connection: asyncpg.Connection, kind: str
) -> None:
    async with raw_subscriber(client.server, kind, WATCH, id=execution), opened_socket(client.server) as other:
        await other.subscribe(WATCH, id=execution)
        await append(connection, execution, FLOW_STARTED, *LARGE_EVENTS)
        await append(connection, execution, FLOW_COMPLETED)
        assert [event["index"] for event in await other.events_to_the_end()] == list(range(-1, 402))


async def test_a_client_that_reads_again_too_late_is_told_why_it_was_dropped(
    client: Client, execution: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.sending.SEND_SECONDS", 0.2)
    monkeypatch.setattr("resolvers.sockets.CLOSE_SECONDS", 30)
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        socket.connection.transport.pause_reading()
        await append(connection, execution, FLOW_STARTED, *LARGE_EVENTS)
        await eventually(lambda: client.server.services.tailer.followed == 0)
        socket.connection.transport.resume_reading()
        await read_out(socket)
        assert (socket.connection.close_code, socket.connection.close_reason) == (1013, "The client reads too slowly")


async def read_out(socket: Socket) -> None:
    with suppress(ConnectionClosed):
        while True:
            await socket.receive()


async def test_a_client_that_reads_slowly_but_in_time_gets_everything(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        socket.connection.transport.pause_reading()
        await append(connection, execution, FLOW_STARTED, *LARGE_EVENTS, FLOW_COMPLETED)
        await eventually(lambda: client.server.unsent > 0)
        socket.connection.transport.resume_reading()
        assert [event["index"] for event in await socket.events_to_the_end()] == list(range(402))


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_that_leaves_without_a_word_leaves_nothing_behind(
    client: Client, execution: str, caplog: pytest.LogCaptureFixture, kind: str, reset: bool
) -> None:
    held = Held(client.server)
    with caplog.at_level(logging.WARNING):
        async with raw_subscriber(client.server, kind, WATCH, id=execution) as raw:
            assert not held.is_free()
            raw.leave(reset=reset)
            await eventually(held.is_free)
    assert not caplog.records


@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_that_leaves_while_it_is_waited_for_leaves_nothing_behind(
    client: Client, execution: str, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    held = Held(client.server)
    with caplog.at_level(logging.WARNING):
        async with raw_subscriber(client.server, kind, WATCH, id=execution) as raw:
            await append(connection, execution, FLOW_STARTED, *LARGE_EVENTS)
            await eventually(lambda: client.server.unsent > 0)
            raw.leave(reset=True)
            await eventually(held.is_free)
    assert not caplog.records


@pytest.mark.parametrize("reset", [False, True])
async def test_a_client_that_leaves_within_its_request_leaves_nothing_behind(
    server: RunningServer, caplog: pytest.LogCaptureFixture, reset: bool
) -> None:
    held = Held(server)
    request = post({"query": WATCH, "variables": {"id": "EX0"}}, accept="text/event-stream")
    with caplog.at_level(logging.WARNING):
        async with raw_connection(server) as raw:
            await raw.send(request[:-10])
            await eventually(lambda: not held.is_free())
            raw.leave(reset=reset)
            await eventually(held.is_free)
    assert not caplog.records


async def test_a_client_that_does_not_take_its_whole_answer_is_cut(
    client: Client, execution: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.connections.LINGER_SECONDS", 0.1)
    await append(connection, execution, FLOW_STARTED, *LARGE_EVENTS)
    held = Held(client.server)
    ask = "query($id: ID!) { execution(id: $id) { events(first: 1000) { events { data } } } }"
    async with raw_connection(client.server) as raw:
        await raw.send(post({"query": ask, "variables": {"id": execution}}, connection="close"))
        await eventually(lambda: client.server.unsent > 0)
        await eventually(held.is_free)
