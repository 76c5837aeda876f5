"""Reading GraphQL requests from HTTP, by the GraphQL-over-HTTP specification and its draft of persisted documents."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from engine.errors import BadUserInput, PayloadTooLarge
from resolvers.accept import media_type
from resolvers.json_text import read_json

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes of a request's body; a flow document may have 4 MiB."""

JSON_TYPE = "application/json"
RESPONSE_TYPE = "application/graphql-response+json"


PARAMETERS = {
    "query": (str, "a text"),
    "variables": (dict, "an object"),
    "operationName": (str, "a text"),
    "documentId": (str, "a text"),
    "extensions": (dict, "an object"),
}
"""What a request may have, in the order of `Asked`; anything else is for others."""

NAMES = "`documentId` or `extensions.persistedQuery`"


class WrongRequest(Exception):
    """The request is not one of GraphQL over HTTP."""

    def __init__(self, message: str, status: int = 400, *, field: str | None = None, allow: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.extensions = {"code": BadUserInput.code, **({"field": field} if field else {})}
        self.allow = allow


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for. Its document comes as `query`, or is named by `document_id` or by the `extensions`."""

    query: str | None
    variables: dict[str, Any] | None
    name: str | None
    document_id: str | None = None
    extensions: dict[str, Any] | None = None

    @property
    def has_document(self) -> bool:
        """Whether the document is there or at least named."""
        return bool(self.query or self.document_id or (self.extensions or {}).get("persistedQuery") is not None)


@dataclass(frozen=True, slots=True)
class Operation:
    """What is to be executed."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


async def read_request(request: Request) -> Asked:
    """What a request asks for; raises `WrongRequest` and `PayloadTooLarge`."""
    return _asked(await _read_body(request) if request.method == "POST" else _read_query(request))


def _read_query(request: Request) -> Any:
    """The parameters of a GET: `variables` and `extensions` are JSON texts."""
    given: dict[str, Any] = dict(request.query_params)
    for name in PARAMETERS:
        if len(request.query_params.getlist(name)) > 1:
            raise WrongRequest(f"The parameter `{name}` is there twice.", field=name)
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _parsed(given[name]) if given[name] else None
    return given


async def _read_body(request: Request) -> Any:
    type = media_type(request.headers.get("content-type", ""))
    if type is None or type.type != JSON_TYPE:
        raise WrongRequest(f"The body must be of type {JSON_TYPE}.", 415)
    if type.parameters.get("charset", "utf-8").lower() != "utf-8":
        raise WrongRequest("The body must be encoded as UTF-8.", 415)
    return _parsed(await limited_body(request, BODY_LIMIT))


async def limited_body(request: Request, limit: int) -> bytes:
    """The body of a request; raises `PayloadTooLarge` if it has more bytes than `limit`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise PayloadTooLarge(f"The request has more than {limit} bytes.")
    return bytes(body)


def _parsed(text: str | bytes) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise WrongRequest(f"The request is not JSON: {error}") from None


def _asked(given: Any) -> Asked:
    if not isinstance(given, dict):
        raise WrongRequest("The request must be one JSON object; several operations at once are not supported.")
    for name, (kind, noun) in PARAMETERS.items():
        if given.get(name) is not None and not isinstance(given[name], kind):
            raise WrongRequest(f"`{name}` must be {noun} or null.", field=name)
    asked = Asked(*(given.get(name) or None for name in PARAMETERS))
    if not asked.has_document:
        raise WrongRequest(f"The request must have a text `query`, or name a document by {NAMES}.", field="query")
    return asked
