"""`/graphql` over HTTP, by the GraphQL-over-HTTP specification: mutations by POST, all else by GET too.

What the client accepts decides how results are sent. A subscription needs a type that streams, named by the client;
`*/*` does not ask for a stream. Other operations are streamed only if that is wanted more than JSON.
"""

from contextlib import ExitStack

from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from engine.errors import BadUserInput, TidegateError
from resolvers.accept import Accept
from resolvers.answers import answer, refusal, refused
from resolvers.context import Context
from resolvers.credentials import token_in_headers
from resolvers.multipart import MULTIPART, SPECIFICATION, Multipart
from resolvers.operations import results, type_of
from resolvers.policy import Policy
from resolvers.requests import JSON_TYPE, RESPONSE_TYPE, Operation, WrongRequest, read_operation
from resolvers.schema import SCHEMA
from resolvers.server_sent_events import EVENT_STREAM, ServerSentEvents
from resolvers.streams import Framing, Stream
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
        context = await _let_in(request)
        operation = await read_operation(request)
        return _stream_if_preferred(request, operation, context) or await _execute(request, operation, context)
    except WrongRequest as error:
        return refusal(request, error.status, GraphQLError(str(error), extensions={"code": BadUserInput.code}))
    except TidegateError as error:
        return refused(request, error)
    except ClientDisconnect:
        return Response()


async def _let_in(request: Request) -> Context:
    """Who asks, and with what; raises `Unauthenticated` and `RateLimited`."""
    policy: Policy = request.state.policy
    viewer = await policy.authenticate(token_in_headers(request.headers))
    policy.quotas.take(viewer.id)
    return Context(request.state.services, viewer, policy.is_development)


def _stream_if_preferred(request: Request, operation: Operation, context: Context) -> Response | None:
    accept = Accept.of(request)
    if accept.named(EVENT_STREAM) <= max(accept.named(RESPONSE_TYPE), accept.quality(JSON_TYPE)):
        return None
    type = type_of(operation)
    if type is OperationType.MUTATION and request.method == "GET":
        raise _not_allowed(request, OperationType.MUTATION)
    is_subscription = type is OperationType.SUBSCRIPTION
    return _stream(request, operation, context, _framing(request) if is_subscription else ServerSentEvents())


async def _execute(request: Request, operation: Operation, context: Context) -> Response:
    try:
        return answer(request, await _result(request, operation, context))
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.SUBSCRIPTION:
            return _stream(request, operation, context, _framing(request))
        raise _not_allowed(request, error.operation_type) from None


async def _result(request: Request, operation: Operation, context: Context) -> ExecutionResult:
    try:
        return await SCHEMA.execute(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
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


def _stream(request: Request, operation: Operation, context: Context, framing: Framing) -> Stream:
    place = ExitStack()
    place.enter_context(request.state.policy.quotas.stream(context.viewer.id))
    return Stream(results(operation, context), framing, place, request.state.abort)
