"""`/graphql` over HTTP, by the GraphQL-over-HTTP specification: mutations by POST, all else by GET too.

HEAD is answered as GET is, without the body.

What the client accepts decides how results are sent. A subscription needs a type that streams, named by the client;
`*/*` does not ask for a stream. Other operations are streamed only if that is wanted more than JSON.
"""

from collections.abc import AsyncGenerator
from contextlib import ExitStack

from graphql import GraphQLError
from starlette.endpoints import HTTPEndpoint
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from engine.errors import BadUserInput, PayloadTooLarge, TidegateError
from resolvers.accept import Accept
from resolvers.answers import HTTP_STATUS, answer, refusal, refused, status_of_refused
from resolvers.asking import no_results
from resolvers.context import Context
from resolvers.credentials import token_in_headers
from resolvers.measuring import count_refused, measured
from resolvers.multipart import MULTIPART, SPECIFICATION, Multipart
from resolvers.operations import result, results, type_of
from resolvers.policy import Policy
from resolvers.requests import JSON_TYPE, RESPONSE_TYPE, Operation, WrongRequest, read_request
from resolvers.server_sent_events import EVENT_STREAM, ServerSentEvents
from resolvers.streams import Framing, Stream

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
            context = await _let_in(request)
        except TidegateError as error:
            return refused(request, error)
        return await _respond(request, context)

    post = get

    async def options(self, request: Request) -> Response:
        """Say what can be done."""
        return Response(status_code=204, headers={"allow": METHODS})

    async def method_not_allowed(self, request: Request) -> Response:
        """Refuse any other method."""
        reason = f"The method {request.method[:20]} is not allowed; use GET or POST."
        return refusal(request, 405, GraphQLError(reason, extensions={"code": BadUserInput.code}), allow=METHODS)


async def _let_in(request: Request) -> Context:
    """Who asks, and with what; raises `Unauthenticated` and `RateLimited`."""
    policy: Policy = request.state.policy
    viewer = await policy.authenticate(token_in_headers(request.headers))
    policy.quotas.take(viewer.id)
    return Context(request.state.services, viewer, policy.is_development)


async def _respond(request: Request, context: Context) -> Response:
    try:
        operation = request.state.documents.operation(await read_request(request))
        return _stream_if_preferred(request, operation, context) or await _execute(request, operation, context)
    except WrongRequest as error:
        wrong = GraphQLError(str(error), extensions=error.extensions)
        return refusal(request, error.status, wrong, allow=error.allow)
    except PayloadTooLarge as error:
        return refused(request, error)
    except TidegateError as error:
        return _refuse(request, error)
    except ClientDisconnect:
        return Response()


def _prefers_stream(request: Request) -> bool:
    accept = Accept.of(request)
    return accept.named(EVENT_STREAM) > max(accept.named(RESPONSE_TYPE), accept.quality(JSON_TYPE))


def _refuse(request: Request, error: TidegateError) -> Response:
    count_refused(error)
    if _prefers_stream(request) and error.code not in HTTP_STATUS:
        return _streamed(request, no_results(error), ServerSentEvents(), ExitStack())
    return refused(request, error, status_of_refused(request))


def _stream_if_preferred(request: Request, operation: Operation, context: Context) -> Response | None:
    if not _prefers_stream(request):
        return None
    type = type_of(operation)
    if type is OperationType.MUTATION and request.method != "POST":
        raise _not_allowed(request, OperationType.MUTATION)
    is_subscription = type is OperationType.SUBSCRIPTION
    return _stream(request, operation, context, _framing(request) if is_subscription else ServerSentEvents())


async def _execute(request: Request, operation: Operation, context: Context) -> Response:
    type = type_of(operation)
    if type is OperationType.SUBSCRIPTION:
        return _stream(request, operation, context, _framing(request))
    if type is not None and type not in ALLOWED[request.method]:
        raise _not_allowed(request, type)
    with measured(type) as seen:
        found = await result(operation, context)
        seen.errors = found.errors or ()
    return answer(request, found)


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


def _stream(request: Request, operation: Operation, context: Context, framing: Framing) -> Response:
    place = ExitStack()
    place.enter_context(request.state.policy.quotas.stream(context.viewer.id))
    return _streamed(request, results(operation, context), framing, place)


def _streamed(request: Request, found: AsyncGenerator[bytes, None], framing: Framing, place: ExitStack) -> Response:
    if request.method == "HEAD":
        place.close()
        return Response(headers={"content-type": framing.media_type})
    return Stream(found, framing, place, request.state.abort)
