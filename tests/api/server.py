"""A server of the API on a free port of this machine, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn

from engine.nodes import BUILT_IN
from engine.registry import Registry
from resolvers.app import SERVER_OPTIONS, create_app
from resolvers.persisted import Documents
from resolvers.policy import Policy
from resolvers.services import Services, open_services
from storage.keyring import NO_KEYS, KeyRing
from tests.eventually import eventually

DEVELOPMENT = Policy(is_development=True)


class RunningServer:
    """What a test may know of a server: its address, the services behind it, and its connections."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.services: Services
        self.uvicorn: uvicorn.Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    @property
    def connections(self) -> set[Any]:
        """Those that are open, or still have something to send."""
        return set(self.uvicorn.server_state.connections)

    @property
    def unsent(self) -> int:
        """How many bytes wait in this process for clients to read."""
        return sum(connection.transport.get_write_buffer_size() for connection in self.connections)

    def begin_to_stop(self) -> None:
        """Shut down as at a signal."""
        self.uvicorn.should_exit = True

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def running_server(
    database_url: str,
    redis_url: str,
    policy: Policy = DEVELOPMENT,
    documents: Documents | None = None,
    keys: KeyRing = NO_KEYS,
    node_types: Registry = BUILT_IN,
) -> AsyncIterator[RunningServer]:
    """A server without authentication that shows its schema, but for what its policy says."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = RunningServer(listening.getsockname()[1])

        @asynccontextmanager
        async def opened() -> AsyncIterator[Services]:
            async with open_services(database_url, redis_url, node_types, keys=keys) as services:
                running.services = services
                yield services

        app = create_app(opened, policy, documents)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, **SERVER_OPTIONS))
        running.uvicorn = server
        serving = asyncio.create_task(server.serve([listening]))
        await eventually(partial(_is_up, server, serving))
        yield running
        running.begin_to_stop()
        await serving


def _is_up(server: uvicorn.Server, serving: asyncio.Task[None]) -> bool:
    if serving.done():
        serving.result()
        raise AssertionError("the server has ended")
    return server.started
