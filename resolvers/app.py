"""The web application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from resolvers.connections import HttpConnection, SocketConnection
from resolvers.counted import Counted
from resolvers.flow_schema import SCHEMA_PATH, serve_flow_schema
from resolvers.health import healthz, readyz
from resolvers.hooks import receive
from resolvers.http import GraphQLOverHttp
from resolvers.identified import HEADER, Identified
from resolvers.metrics_page import metrics
from resolvers.origins import LOOPBACK_ORIGINS, SameOrigin
from resolvers.pages import FOR_EDITORS, Page
from resolvers.persisted import Documents
from resolvers.policy import Policy
from resolvers.services import Services
from resolvers.sockets import graphql_over_socket
from resolvers.traced import Traced
from schema.webhooks import PATH

OpenServices = Callable[[], AbstractAsyncContextManager[Services]]

SERVER_OPTIONS: Mapping[str, Any] = {
    "http": HttpConnection,
    "ws": SocketConnection,
    "ws_max_size": 1024 * 1024,
    "ws_per_message_deflate": False,
    "timeout_graceful_shutdown": 5,
    "server_header": False,
}
"""What uvicorn must be told: bytes of a frame, seconds to end in."""


def _cross_origin(policy: Policy) -> list[Middleware]:
    """What tells browsers whose pages may read the answers: of the origins, and on this machine all of this machine."""
    if not policy.loopback and not policy.origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=sorted(policy.origins),
            allow_origin_regex=LOOPBACK_ORIGINS if policy.loopback else None,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=[HEADER, "retry-after", "www-authenticate"],
        )
    ]


async def _end_streams(stopping: asyncio.Event, services: Services) -> None:
    """Once the server shuts down, end what is followed; else the requests of the followers would hold it up."""
    await stopping.wait()
    await asyncio.gather(services.tailer.stop(), services.trees.stop(), services.roots.stop())


def _ide(folder: Path | None) -> Sequence[BaseRoute]:
    return Page("GraphiQL", "/graphiql", folder, FOR_EDITORS).routes if folder else []


def _console(folder: Path | None) -> Sequence[BaseRoute]:
    return Page("The console", "/", folder, places=True).routes if folder else []


def create_app(
    open_services: OpenServices,
    policy: Policy,
    documents: Documents | None = None,
    *,
    console: Path | None = None,
    graphiql: Path | None = None,
) -> Starlette:
    """Make the application; it opens the services when it starts and closes them when it stops.

    `documents` are those that clients may name. `console` is the folder that the console is built into, `graphiql` that
    of GraphiQL; without one there is no such page, as of GraphiQL in production.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        stopping = asyncio.Event()
        async with open_services() as services, asyncio.TaskGroup() as tasks:
            ending = tasks.create_task(_end_streams(stopping, services))
            yield {
                "services": services,
                "policy": policy,
                "documents": documents or Documents(),
                "stopping": stopping,
            }
            ending.cancel()

    return Starlette(
        routes=[
            Route("/graphql", GraphQLOverHttp),
            WebSocketRoute("/graphql", graphql_over_socket),
            Route(PATH + "{id}", receive, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route(SCHEMA_PATH, serve_flow_schema),
            *_ide(graphiql),
            *_console(console),
        ],
        middleware=[
            Middleware(Counted),
            Middleware(Identified),
            Middleware(Traced),
            *_cross_origin(policy),
            Middleware(SameOrigin, policy=policy),
        ],
        lifespan=lifespan,
    )
