"""`/graphql` over HTTP, by the GraphQL-over-HTTP specification: mutations by POST, all else by GET too.

What the client accepts decides how results are sent. A subscription needs a type that streams, named by the client;
`*/*` does not ask for a stream. Other operations are streamed only if that is wanted more than JSON.
"""

from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from engine.errors import BadUserInput, PayloadTooLarge
from resolvers.accept import Accept
from resolvers.answers import answer, refusal
from resolvers.context import Context
from resolvers.multipart import MULTIPART, SPECIFICATION, Multipart
from resolvers.operations import results, type_of
from resolvers.requests import JSON_TYPE, RESPONSE_TYPE, Operation, WrongRequest, read_operation
from resolvers.schema import SCHEMA
from resolvers.server_sent_events import EVENT_STREAM, ServerSentEvents
from resolvers.streams import Framing, Stream
from resolvers.viewer import authenticate
from schema.errors import error_for_client

ALLOWED = {
    "GET": (OperationType.QUERY,),
    "POST": (OperationType.QUERY, OperationType.MUTATION),
}
"""What is answered with one JSON object."""

THREE_WAYS = (
    "Subscriptions are streamed: over a WebSocket with the protocol graphql-transport-ws, or over HTTP, where the "
    f"header `accept` must name {EVENT_STREAM}, or, by POST, {MULTIPART};subscriptionSpec={SPECIFICATION}."
)


async def graphql_over_http(request: Request) -> Response:
    """Answer one request."""
    try:
        operation = await read_operation(request)
        return _stream_if_preferred(request, operation) or await _execute(request, operation)
    except WrongRequest as error:
        return refusal(request, error.status, GraphQLError(str(error), extensions={"code": BadUserInput.code}))
    except PayloadTooLarge as error:
        return refusal(request, 413, GraphQLError(error.message, extensions={"code": error.code}))
    except ClientDisconnect:
        return Response()


def _stream_if_preferred(request: Request, operation: Operation) -> Response | None:
    accept = Accept.of(request)
    if accept.named(EVENT_STREAM) <= max(accept.named(RESPONSE_TYPE), accept.quality(JSON_TYPE)):
        return None
    type = type_of(operation)
    if type is OperationType.MUTATION and request.method == "GET":
        raise _not_allowed(request, OperationType.MUTATION)
    is_subscription = type is OperationType.SUBSCRIPTION
    return _stream(request, operation, _framing(request) if is_subscription else ServerSentEvents())


async def _execute(request: Request, operation: Operation) -> Response:
    try:
        return answer(request, await _result(request, operation))
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.SUBSCRIPTION:
            return _stream(request, operation, _framing(request))
        raise _not_allowed(request, error.operation_type) from None


async def _result(request: Request, operation: Operation) -> ExecutionResult:
    try:
        return await SCHEMA.execute(
            operation.query,
            variable_values=operation.variables,
            context_value=Context(request.state.services, authenticate(request)),
            operation_name=operation.name,
            allowed_operation_types=ALLOWED[request.method],
        )
    except CannotGetOperationTypeError as error:
        reason = GraphQLError(error.as_http_error_reason(), original_error=error)
        return ExecutionResult(data=None, errors=[error_for_client(reason)])


def _not_allowed(request: Request, type: OperationType) -> WrongRequest:
    return WrongRequest(InvalidOperationTypeError(type).as_http_error_reason(request.method), 405)


def _framing(request: Request) -> Framing:
    """The kind of stream that the client wants most; raises `WrongRequest` if it names none."""
    accept = Accept.of(request)
    events = accept.named(EVENT_STREAM)
    parts = accept.named(MULTIPART, subscriptionspec=SPECIFICATION) if request.method == "POST" else 0
    if events == parts == 0:
        raise WrongRequest(THREE_WAYS)
    return ServerSentEvents() if events >= parts else Multipart()


def _stream(request: Request, operation: Operation, framing: Framing) -> Stream:
    found = results(operation, request.state.services, authenticate(request))
    return Stream(found, framing, request.state.abort)
