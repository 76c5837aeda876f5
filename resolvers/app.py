"""The web application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, WebSocketRoute

from resolvers.connections import HttpConnection, SocketConnection
from resolvers.counted import Counted
from resolvers.health import healthz, readyz
from resolvers.http import GraphQLOverHttp
from resolvers.identified import HEADER, Identified
from resolvers.metrics_page import metrics
from resolvers.origins import LOOPBACK_ORIGINS, SameOrigin
from resolvers.persisted import Documents
from resolvers.services import Services
from resolvers.sockets import graphql_over_socket
from resolvers.traced import Traced

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


def _cross_origin(loopback: bool) -> list[Middleware]:
    """What tells browsers that pages of this machine may read the answers of a server for this machine."""
    if not loopback:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origin_regex=LOOPBACK_ORIGINS,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=[HEADER],
        )
    ]


async def _end_streams(stopping: asyncio.Event, services: Services) -> None:
    """Once the server shuts down, end what is followed; else the requests of the followers would hold it up."""
    await stopping.wait()
    await asyncio.gather(services.tailer.stop(), services.trees.stop(), services.roots.stop())


def create_app(open_services: OpenServices, documents: Documents | None = None, *, loopback: bool = False) -> Starlette:
    """Make the application; it opens the services when it starts and closes them when it stops.

    `documents` are those that clients may name. `loopback` is for a server that only this machine is to reach: requests
    must name it so.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        stopping = asyncio.Event()
        async with open_services() as services, asyncio.TaskGroup() as tasks:
            ending = tasks.create_task(_end_streams(stopping, services))
            yield {"services": services, "documents": documents or Documents(), "stopping": stopping}
            ending.cancel()

    return Starlette(
        routes=[
            Route("/graphql", GraphQLOverHttp),
            WebSocketRoute("/graphql", graphql_over_socket),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ],
        middleware=[
            Middleware(Counted),
            Middleware(Identified),
            Middleware(Traced),
            *_cross_origin(loopback),
            Middleware(SameOrigin, loopback=loopback),
        ],
        lifespan=lifespan,
    )
