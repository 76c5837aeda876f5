"""Where webhooks take their messages: signed by the sender, so that neither a token nor an origin is asked for."""

import logging
import math

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from engine.errors import (
    BadUserInput,
    KeysMissing,
    NodeError,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    SealBroken,
    ServiceUnavailable,
    TidegateError,
    UnknownKey,
)
from engine.ids import new_execution_id
from engine.interface import checked_inputs
from engine.json_text import InvalidJson, parse_json
from engine.labels import Label
from engine.options import ExecutionOptions
from engine.values import Value
from engine.webhook_signature import signed_message_id
from resolvers.creation import check_listener
from resolvers.requests import limited_body
from resolvers.services import Services
from schema.selection import FIRST_INDEX
from storage.executions import NewExecution, create_execution, repeated_execution
from storage.webhooks import Receiver, receiver

logger = logging.getLogger(__name__)

BODY_LIMIT = 1024 * 1024
"""Bytes of a message."""

LABEL = "webhook"
"""The label of the executions that a webhook makes; its value is the webhook's id."""

STATUS = ((NotFound, 404), (ServiceUnavailable, 503), (PayloadTooLarge, 413), (NodeError, 400), (BadUserInput, 422))
"""What a message is answered with that is signed, but cannot be taken."""


class NotSigned(TidegateError):
    """The message is not signed as it must be."""

    # What exactly is wrong would help nobody but a forger.


async def receive(request: Request) -> Response:
    """Answer one message: 202 with the execution that it has made, or 200 with the one that it had made before."""
    try:
        execution_id, created = await _receive(request.state.services, request)
    except NotSigned as error:
        return JSONResponse({"error": error.message}, 401)
    except RateLimited as error:
        return JSONResponse({"error": error.message}, 429, {"retry-after": str(math.ceil(error.retry_after))})
    except tuple(kind for kind, _ in STATUS) as error:
        status = next(status for kind, status in STATUS if isinstance(error, kind))
        return JSONResponse({"error": error.message}, status)
    except ClientDisconnect:
        return Response()
    return JSONResponse({"executionId": execution_id}, 202 if created else 200)


async def _receive(services: Services, request: Request) -> tuple[str, bool]:
    found = await _find(services, request.path_params["id"])
    body = await limited_body(request, BODY_LIMIT)
    message_id = signed_message_id(found.signing_key, request.headers, body, found.now)
    if message_id is None:
        raise NotSigned()
    request.state.policy.messages.take(found.row.id)
    key = f"{found.row.id}:{message_id}"
    async with services.pool.acquire() as connection:
        earlier = await repeated_execution(connection, found.row.owner_id, key, key)
    return (earlier.id, False) if earlier else await _take(services, await _execution(services, found, key, body))


async def _find(services: Services, webhook_id: str) -> Receiver:
    # What is no id may be what no text in the database can equal.
    is_id = webhook_id.isascii() and webhook_id.isalnum()
    async with services.pool.acquire() as connection:
        try:
            found = await receiver(connection, services.keys, webhook_id) if is_id else None
        except (KeysMissing, UnknownKey, SealBroken) as error:
            logger.error("The signing key of the webhook %s cannot be read. %s", webhook_id, error.message)
            raise ServiceUnavailable("The webhook cannot take messages at present.") from None
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


async def _execution(services: Services, found: Receiver, key: str, body: bytes) -> NewExecution:
    """The execution of a message that is signed; raises `NodeError` for its body and `BadUserInput` for the flow."""
    payload = _payload(body)
    row = found.row
    version = await services.versions.get(row.flow_id, found.flow_version)
    check_listener(row.event_name, version, "eventName")
    return NewExecution(
        id=new_execution_id(),
        flow_id=row.flow_id,
        flow_version=found.flow_version,
        flow_name=found.flow_name,
        owner_id=row.owner_id,
        inputs=checked_inputs(version.document, None, "inputs"),
        port_values=[],
        options=ExecutionOptions(),
        integration={"webhook": {"id": row.id, "messageId": key.partition(":")[2]}},
        external_events=[{"eventName": row.event_name, "payload": payload}],
        priority=0,
        idempotency_key=key,
        request_digest=key,
        labels=[Label(LABEL, row.id)],
        starts=True,
    )


def _payload(body: bytes) -> Value:
    try:
        return Value.of(parse_json(body.decode()))
    except UnicodeDecodeError:
        raise InvalidJson("The body is not encoded as UTF-8.") from None


async def _take(services: Services, new: NewExecution) -> tuple[str, bool]:
    async with services.pool.acquire() as connection:
        row, created = await create_execution(connection, new)
    if created:
        services.events.notify(row.id, FIRST_INDEX)
        services.doorbell.ring()
    return row.id, created
