"""`/graphql` over HTTP, by the GraphQL-over-HTTP specification: queries by GET and POST, mutations by POST."""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from engine.errors import BadUserInput, PayloadTooLarge
from resolvers.context import Context
from resolvers.json_text import write_json
from resolvers.requests import JSON_TYPE, RESPONSE_TYPE, Operation, WrongRequest, read_operation
from resolvers.schema import SCHEMA
from resolvers.viewer import authenticate
from schema.errors import error_for_client

ALLOWED = {
    "GET": (OperationType.QUERY,),
    "POST": (OperationType.QUERY, OperationType.MUTATION),
}

HTTP_STATUS = {"UNAUTHENTICATED": 401, "RATE_LIMITED": 429, PayloadTooLarge.code: 413}
"""The codes that have a status of their own, whatever the client accepts."""


async def graphql_over_http(request: Request) -> Response:
    """Answer one request."""
    try:
        operation = await read_operation(request)
        return _answer(request, await _execute(request, operation))
    except WrongRequest as error:
        return _refusal(request, error.status, GraphQLError(str(error), extensions={"code": BadUserInput.code}))
    except PayloadTooLarge as error:
        return _refusal(request, 413, GraphQLError(error.message, extensions={"code": error.code}))


async def _execute(request: Request, operation: Operation) -> ExecutionResult:
    try:
        return await SCHEMA.execute(
            operation.query,
            variable_values=operation.variables,
            context_value=Context(request.state.services, authenticate(request)),
            operation_name=operation.name,
            allowed_operation_types=ALLOWED[request.method],
        )
    except InvalidOperationTypeError as error:
        raise _wrong_operation(request, error) from None
    except CannotGetOperationTypeError as error:
        reason = GraphQLError(error.as_http_error_reason(), original_error=error)
        return ExecutionResult(data=None, errors=[error_for_client(reason)])


def _wrong_operation(request: Request, error: InvalidOperationTypeError) -> WrongRequest:
    if error.operation_type is OperationType.SUBSCRIPTION:
        return WrongRequest("Subscriptions go over a WebSocket with the protocol graphql-transport-ws.")
    return WrongRequest(error.as_http_error_reason(request.method), 405)


def _answer(request: Request, result: ExecutionResult) -> Response:
    errors = result.errors or []
    if errors and result.data is None and not any(error.path for error in errors):
        return _refusal(request, 400 if _media_type(request) == RESPONSE_TYPE else 200, *errors)
    body = {"data": result.data, **({"errors": [error.formatted for error in errors]} if errors else {})}
    return _response(request, _status(errors, 200), body)


def _refusal(request: Request, status: int, *errors: GraphQLError) -> Response:
    """An answer without data: nothing was executed."""
    return _response(request, _status(errors, status), {"errors": [error.formatted for error in errors]})


def _status(errors: Sequence[GraphQLError], otherwise: int) -> int:
    codes = [(error.extensions or {}).get("code") for error in errors]
    return next((HTTP_STATUS[code] for code in codes if code in HTTP_STATUS), otherwise)


def _response(request: Request, status: int, body: Any) -> Response:
    headers = {"allow": "POST"} if status == 405 else None
    return Response(write_json(body), status, headers, media_type=f"{_media_type(request)}; charset=utf-8")


def _media_type(request: Request) -> str:
    ranges = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return RESPONSE_TYPE if RESPONSE_TYPE in ranges else JSON_TYPE
