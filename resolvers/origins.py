"""Refusing what a page of another site makes a browser send.

Browsers name the page's origin; it must be the host that is asked, or one that the server was told of. A server for
this machine only must also be asked by a name of this machine, so that no other name can be pointed at it; it lets
pages of this machine in from any port, for that is where front ends are developed.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from resolvers.policy import Policy
from schema.webhooks import PATH

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
LOOPBACK_ORIGINS = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
DEFAULT_PORTS = {"http": 80, "https": 443}


class SameOrigin:
    """Answers 403 to requests and handshakes of other origins; on loopback also to those for other host names."""

    def __init__(self, app: ASGIApp, *, policy: Policy) -> None:
        self._app = app
        self._loopback = policy.loopback
        self._origins = policy.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Messages to webhooks are signed, with a key that no page has, and come by whatever way.
        is_asked = scope["type"] in ("http", "websocket") and not scope["path"].startswith(PATH)
        if is_asked and not self._is_allowed(Headers(scope=scope)):
            await _refuse(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_allowed(self, headers: Headers) -> bool:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._loopback and _place(f"http://{host}")[0] not in LOOPBACK_NAMES:
            return False
        if origin is None or origin in self._origins or _is_same(origin, host):
            return True
        return self._loopback and _is_local(origin)


def _is_local(origin: str) -> bool:
    return origin.partition("://")[0] in DEFAULT_PORTS and _place(origin)[0] in LOOPBACK_NAMES


def _is_same(origin: str, host: str) -> bool:
    scheme = origin.partition("://")[0]
    return scheme in DEFAULT_PORTS and _place(origin) == _place(f"{scheme}://{host}") != (None, None)


def _place(url: str) -> tuple[str | None, int | None]:
    """The host name and port of a URL; nothing for what is no URL."""
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None, None


def _asker(scope: Scope) -> str:
    headers = Headers(scope=scope)
    return f"pages of {headers['origin']}" if "origin" in headers else f"the host name {headers.get('host', '')!r}"


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(f"This server takes no requests of {_asker(scope)}.", 403)(scope, receive, send)
