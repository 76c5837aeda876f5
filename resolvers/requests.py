"""Reading GraphQL requests from HTTP, by the GraphQL-over-HTTP specification."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from engine.errors import PayloadTooLarge
from resolvers.json_text import read_json

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes of a request's body; a flow document may have 4 MiB."""

JSON_TYPE = "application/json"
RESPONSE_TYPE = "application/graphql-response+json"


class WrongRequest(Exception):
    """The request is not one of GraphQL over HTTP."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks for."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


async def read_operation(request: Request) -> Operation:
    """The operation of a request; raises `WrongRequest` and `PayloadTooLarge`."""
    return _operation(_read_query(request) if request.method == "GET" else await _read_body(request))


def _read_query(request: Request) -> Any:
    """The parameters of a GET: `variables` and `extensions` are JSON texts."""
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _parsed(given[name]) if given[name] else None
    return given


async def _read_body(request: Request) -> Any:
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != JSON_TYPE:
        raise WrongRequest(f"The body must be of type {JSON_TYPE}.", 415)
    if "charset" in rest.lower() and "utf-8" not in rest.lower():
        raise WrongRequest("The body must be encoded as UTF-8.", 415)
    return _parsed(await _limited_body(request))


async def _limited_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise PayloadTooLarge(f"The request has more than {BODY_LIMIT} bytes.")
    return bytes(body)


def _parsed(text: str | bytes) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise WrongRequest(f"The request is not JSON: {error}") from None


def _operation(given: Any) -> Operation:
    if not isinstance(given, dict):
        raise WrongRequest("The request must be one JSON object; several operations at once are not supported.")
    query = given.get("query")
    if not isinstance(query, str) or not query:
        raise WrongRequest("The request must have a text `query`.")
    for name in ("variables", "extensions"):
        _check(given, name, dict, "an object")
    _check(given, "operationName", str, "a text")
    return Operation(query, given.get("variables"), given.get("operationName") or None)


def _check(given: dict[str, Any], name: str, kind: type, noun: str) -> None:
    if given.get(name) is not None and not isinstance(given[name], kind):
        raise WrongRequest(f"`{name}` must be {noun} or null.")
