"""`/graphql` over HTTP, by the GraphQL-over-HTTP specification: mutations by POST, all else by GET too.

HEAD is answered as GET is, without the body.

What the client accepts decides how results are sent. A subscription needs a type that streams, named by the client;
`*/*` does not ask for a stream. Other operations are streamed only if that is wanted more than JSON.
"""

from collections.abc import AsyncGenerator

from graphql import GraphQLError
from starlette.endpoints import HTTPEndpoint
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from engine.errors import BadUserInput, PayloadTooLarge, TidegateError
from resolvers.accept import Accept
from resolvers.answers import answer, refusal, status_of_refused
from resolvers.asking import refused
from resolvers.context import Context
from resolvers.measuring import count_refused, measured
from resolvers.multipart import MULTIPART, SPECIFICATION, Multipart
from resolvers.operations import results, type_of
from resolvers.requests import JSON_TYPE, RESPONSE_TYPE, Operation, WrongRequest, read_request
from resolvers.schema import SCHEMA
from resolvers.server_sent_events import EVENT_STREAM, ServerSentEvents
from resolvers.streams import Framing, Stream
from resolvers.viewer import authenticate
from schema.errors import error_for_client, shown

METHODS = "GET, HEAD, OPTIONS, POST"
ALLOWED = {
    "GET": (OperationType.QUERY,),
    "HEAD": (OperationType.QUERY,),
    "POST": (OperationType.QUERY, OperationType.MUTATION),
}
"""What is answered with one JSON object."""

THREE_WAYS = (
    "Subscriptions are streamed: over a WebSocket with the protocol graphql-transport-ws, or over HTTP, where the "
    f"header `accept` must name {EVENT_STREAM}, or, by POST, {MULTIPART};subscriptionSpec={SPECIFICATION}."
)


class GraphQLOverHttp(HTTPEndpoint):
    """Answers each request to `/graphql`."""

    async def get(self, request: Request) -> Response:
        """Run an operation."""
        try:
            return await _respond(request)
        except WrongRequest as error:
            wrong = GraphQLError(str(error), extensions=error.extensions)
            return refusal(request, error.status, wrong, allow=error.allow)
        except PayloadTooLarge as error:
            return refusal(request, 413, shown(error))
        except TidegateError as error:
            return _refuse(request, error)
        except ClientDisconnect:
            return Response()

    post = get

    async def options(self, request: Request) -> Response:
        """Say what can be done."""
        return Response(status_code=204, headers={"allow": METHODS})

    async def method_not_allowed(self, request: Request) -> Response:
        """Refuse any other method."""
        reason = f"The method {request.method[:20]} is not allowed; use GET or POST."
        return refusal(request, 405, GraphQLError(reason, extensions={"code": BadUserInput.code}), allow=METHODS)


async def _respond(request: Request) -> Response:
    asked = await read_request(request)
    operation = request.state.documents.operation(asked)
    return _stream_if_preferred(request, operation) or await _execute(request, operation)


def _prefers_stream(request: Request) -> bool:
    accept = Accept.of(request)
    return accept.named(EVENT_STREAM) > max(accept.named(RESPONSE_TYPE), accept.quality(JSON_TYPE))


def _refuse(request: Request, error: TidegateError) -> Response:
    count_refused(error)
    if _prefers_stream(request):
        return _streamed(request, refused(error), ServerSentEvents())
    return refusal(request, status_of_refused(request), shown(error))


def _stream_if_preferred(request: Request, operation: Operation) -> Response | None:
    if not _prefers_stream(request):
        return None
    type = type_of(operation)
    if type is OperationType.MUTATION and request.method != "POST":
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
        with measured(type_of(operation)) as seen:
            result = await SCHEMA.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=Context(request.state.services, authenticate(request)),
                operation_name=operation.name,
                allowed_operation_types=ALLOWED[request.method],
            )
            seen.errors = result.errors or ()
        return result
    except CannotGetOperationTypeError as error:
        reason = GraphQLError(error.as_http_error_reason(), original_error=error)
        return ExecutionResult(data=None, errors=[error_for_client(reason)])


def _not_allowed(request: Request, type: OperationType) -> WrongRequest:
    return WrongRequest(InvalidOperationTypeError(type).as_http_error_reason(request.method), 405, allow="POST")


def _framing(request: Request) -> Framing:
    """The kind of stream that the client wants most; raises `WrongRequest` if it names none."""
    accept = Accept.of(request)
    events = accept.named(EVENT_STREAM)
    parts = accept.named(MULTIPART, subscriptionspec=SPECIFICATION) if request.method == "POST" else 0
    if events == parts == 0:
        raise WrongRequest(THREE_WAYS)
    return ServerSentEvents() if events >= parts else Multipart()


def _stream(request: Request, operation: Operation, framing: Framing) -> Response:
    return _streamed(request, results(operation, request.state.services, authenticate(request)), framing)


def _streamed(request: Request, found: AsyncGenerator[bytes, None], framing: Framing) -> Response:
    if request.method == "HEAD":
        return Response(headers={"content-type": framing.media_type})
    return Stream(found, framing, request.state.abort)
