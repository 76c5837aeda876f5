"""`tidegate serve` as a process: how it ends under load."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.eventually import eventually
from tests.ports import free_port
from tests.tidegate.processes import COMMAND, ROOT, environment

WITHIN = 60.0
OUT_SECONDS = 30.0
"""What an orderly end may take at most, twice: the machine may be busy."""
SOCKETS = 30
RESTART = 1012
WATCH = "subscription { rootExecutionsChanged { executions { execution { id } } } }"


@pytest.fixture
async def port(database_url: str, redis_url: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A ready API, and its port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "serve",
        "--port",
        str(port),
        cwd=ROOT,
        env=environment(DATABASE_URL=database_url, REDIS_URL=redis_url),
    )

    async def is_ready() -> bool:
        return await status(port, "/readyz") == 200

    await eventually(is_ready, within=WITHIN)
    yield process, port
    if process.returncode is None:
        process.kill()
        await process.wait()


async def status(port: int, path: str) -> int | None:
    async with httpx.AsyncClient() as http:
        try:
            return (await http.get(f"http://127.0.0.1:{port}{path}")).status_code
        except httpx.TransportError:
            return None


async def subscribed(port: int) -> ClientConnection:
    """A socket with a subscription that has begun."""
    socket = await connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"])
    await socket.send(json.dumps({"type": "connection_init"}))
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": WATCH}}))
    assert [json.loads(await socket.recv())["type"] for _ in range(2)] == ["connection_ack", "next"]
    return socket


async def ask_until_refused(port: int) -> set[int]:
    """The statuses of one request after the other, each on a connection of its own, until none is taken any more."""
    seen: set[int] = set()
    async with httpx.AsyncClient(headers={"connection": "close"}, timeout=WITHIN) as http:
        while True:
            try:
                answer = await http.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{ viewer { id } }"})
            except httpx.TransportError:
                return seen
            seen.add(answer.status_code)


async def ask_once(port: int) -> None:
    """Others have asked too by then."""
    assert await status(port, "/healthz") == 200


async def test_sigterm_under_load_closes_every_socket_with_1012_answers_what_is_under_way_and_ends_in_time(
    port: tuple[asyncio.subprocess.Process, int],
) -> None:
    process, number = port
    async with AsyncExitStack() as stack:
        sockets = [await subscribed(number) for _ in range(SOCKETS)]
        for socket in sockets:
            stack.push_async_callback(socket.close)
        asking = [asyncio.create_task(ask_until_refused(number)) for _ in range(4)]
        await asyncio.wait([asyncio.create_task(ask_once(number))])
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(OUT_SECONDS):
            assert await process.wait() == 0
        for socket in sockets:
            await socket.wait_closed()
        assert {socket.close_code for socket in sockets} == {RESTART}
        assert set().union(*[await each for each in asking]) == {200}
    assert await status(number, "/readyz") is None
