"""Where clients put their tokens: the header `authorization`, and on sockets the payload of the first message."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers

from engine.errors import Unauthenticated

SCHEME = "bearer"
TOKEN_LENGTH = 8192
"""Characters of a token; what is longer is not looked at."""


def token_in_headers(headers: Headers) -> str | None:
    """The bearer token of a request; raises `Unauthenticated` for anything else in its place."""
    given = headers.getlist("authorization")
    if len(given) > 1:
        raise Unauthenticated("There must be one authorization header.")
    return _bearer(given[0]) if given else None


def token_in_payload(payload: Mapping[str, Any] | None) -> str | None:
    """The token of a `connection_init`: `Authorization` or `authorization` as a header has it, or `token` alone."""
    given = payload or {}
    for name in ("Authorization", "authorization"):
        if given.get(name) is not None:
            return _bearer(given[name])
    token = given.get("token")
    return None if token is None else _checked(token)


def _bearer(value: Any) -> str:
    scheme, _, token = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if scheme.lower() != SCHEME:
        raise Unauthenticated("The authorization must be a bearer token.")
    return _checked(token.strip())


def _checked(token: Any) -> str:
    if not isinstance(token, str) or not 0 < len(token) <= TOKEN_LENGTH or not token.isascii():
        raise Unauthenticated("The token is not valid.")
    return token
