"""Answers of one JSON object, by the GraphQL-over-HTTP specification."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import ExecutionResult, GraphQLError
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import PayloadTooLarge, RateLimited, TidegateError, Unauthenticated
from resolvers.accept import Accept
from resolvers.json_text import write_json
from resolvers.operations import was_executed
from resolvers.requests import JSON_TYPE, RESPONSE_TYPE
from schema.errors import shown

HTTP_STATUS = {Unauthenticated.code: 401, RateLimited.code: 429, PayloadTooLarge.code: 413}
"""The codes that have a status of their own, whatever the client accepts."""

NO_HEADERS: Mapping[str, str] = {}


def answer(request: Request, result: ExecutionResult) -> Response:
    """Answer with the result of an operation."""
    errors = result.errors or []
    if not was_executed(result):
        return refusal(request, status_of_refused(request), *errors)
    body = {"data": result.data, **({"errors": [error.formatted for error in errors]} if errors else {})}
    return _response(request, _status(errors, 200), body)


def status_of_refused(request: Request) -> int:
    """The status for an operation that is not executed, though the request for it was well-formed."""
    return 400 if _media_type(request) == RESPONSE_TYPE else 200


def refusal(request: Request, status: int, *errors: GraphQLError, allow: str | None = None) -> Response:
    """Answer without data: nothing was executed. No cache may keep that; `allow` says which methods would do."""
    body = {"errors": [error.formatted for error in errors]}
    headers = {"cache-control": "no-store", **({"allow": allow} if allow else {})}
    return _response(request, _status(errors, status), body, headers)


def refused(request: Request, error: TidegateError, status: int = 500) -> Response:
    """Answer to what was refused before it was executed; `status` is for codes without one of their own."""
    response = refusal(request, status, shown(error))
    if isinstance(error, Unauthenticated):
        response.headers["www-authenticate"] = _challenge(request)
    if isinstance(error, RateLimited):
        response.headers["retry-after"] = str(math.ceil(error.retry_after))
    return response


def _challenge(request: Request) -> str:
    """What a client must show. Source: RFC 6750, section 3."""
    return 'Bearer error="invalid_token"' if "authorization" in request.headers else "Bearer"


def _status(errors: Sequence[GraphQLError], otherwise: int) -> int:
    codes = [(error.extensions or {}).get("code") for error in errors]
    return next((HTTP_STATUS[code] for code in codes if code in HTTP_STATUS), otherwise)


def _response(request: Request, status: int, body: Any, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    type = f"{_media_type(request)}; charset=utf-8"
    return Response(write_json(body), status, {"vary": "accept", **headers}, media_type=type)


def _media_type(request: Request) -> str:
    """The newer type if it is named and not wanted less; a client that accepts no JSON at all gets it all the same."""
    accept = Accept.of(request)
    newer = accept.named(RESPONSE_TYPE)
    return RESPONSE_TYPE if newer and newer >= accept.quality(JSON_TYPE) else JSON_TYPE
