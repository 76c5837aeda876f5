"""Telling each request and socket the id that the log has it under."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resolvers.request_ids import enter_request

HEADER = "x-request-id"
_BEGINNINGS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


class Identified:
    """Takes the id from the client or makes one, and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        id = enter_request(Headers(scope=scope).get(HEADER, ""))

        async def send_with_id(message: Message) -> None:
            if message["type"] in _BEGINNINGS:
                MutableHeaders(scope=message)[HEADER] = id
            await send(message)

        await self._app(scope, receive, send_with_id)
