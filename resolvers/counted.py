"""Counting answers over HTTP."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resolvers.metrics import HTTP_RESPONSES

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})


class Counted:
    """Counts each answer by its method and status; whatever a client calls its method, there are few of them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                HTTP_RESPONSES.labels(method, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, send_and_count)
