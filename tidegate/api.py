"""The API in this process: its services, its application and the HTTP server around that."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from engine.errors import ServiceUnavailable
from engine.nodes import BUILT_IN
from engine.registry import Registry
from resolvers.app import SERVER_OPTIONS, create_app
from resolvers.persisted import Documents
from resolvers.policy import Policy
from resolvers.services import open_services
from storage.keyring import NO_KEYS, KeyRing

KEEP_ALIVE_SECONDS = 75
LOOK_SECONDS = 0.01


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for the process as a whole."""
        yield


@asynccontextmanager
async def api(
    database_url: str,
    redis_url: str,
    listener: socket.socket,
    policy: Policy,
    node_types: Registry = BUILT_IN,
    documents: Documents | None = None,
    keys: KeyRing = NO_KEYS,
    graphiql: Path | None = None,
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve the API on a socket from entry to exit; gives the task that serves. Flows may use `node_types`, clients may
    name `documents`, and secrets are sealed with `keys`.

    `graphiql` is the folder of the built GraphiQL, if there is to be one. At the end, open requests and subscriptions
    get a few seconds. Raises `ServiceUnavailable`.
    """
    async with open_services(database_url, redis_url, node_types, keys=keys) as services:
        app = create_app(lambda: nullcontext(services), policy, documents, graphiql=graphiql)
        server = _Server(_configuration(app))
        task = asyncio.create_task(server.serve([listener]), name="api")
        try:
            await _started(server, task)
            yield task
        finally:
            server.should_exit = True
            await asyncio.wait([task])


def _configuration(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app, log_config=None, access_log=False, timeout_keep_alive=KEEP_ALIVE_SECONDS, **SERVER_OPTIONS
    )


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            raise ServiceUnavailable("The API did not start; the log says why.")
        await asyncio.sleep(LOOK_SECONDS)
