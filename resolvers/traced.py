"""Serving requests within the traces of those who ask."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from storage.tracing import tracer

HEADER = "traceparent"
TRACED_PATHS = frozenset({"/graphql"})
"""What orchestrators ask all the time is no news."""


class Traced:
    """Each request over HTTP is a span.

    A socket is none, for it may last for days: what is asked over it goes on in the trace that it was opened in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tracing = tracer()
        if tracing is None or scope["type"] not in ("http", "websocket") or scope["path"] not in TRACED_PATHS:
            await self._app(scope, receive, send)
            return
        parent = Headers(scope=scope).get(HEADER)
        if scope["type"] == "websocket":
            with tracing.within(parent or ""):
                await self._app(scope, receive, send)
            return
        with tracing.span(f"HTTP {scope['path']}", parent=parent, serves=True):
            await self._app(scope, receive, send)
