"""The API in this process: its services, its application and the HTTP server around that."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from engine.nodes import BUILT_IN
from engine.registry import Registry
from resolvers.app import SERVER_OPTIONS, create_app
from resolvers.persisted import Documents
from resolvers.policy import Policy
from resolvers.services import open_services
from storage.keyring import NO_KEYS, KeyRing
from tidegate.built_pages import CONSOLE
from tidegate.http_server import serving

KEEP_ALIVE_SECONDS = 75


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
        app = create_app(lambda: nullcontext(services), policy, documents, console=CONSOLE, graphiql=graphiql)
        async with serving(_configuration(app), listener, name="API") as task:
            yield task


def _configuration(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app, log_config=None, access_log=False, timeout_keep_alive=KEEP_ALIVE_SECONDS, **SERVER_OPTIONS
    )
