"""From what createExecution is given to an execution that can be stored; every refusal names its field."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import asyncpg
import orjson
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from engine.document import FlowDocument, NodeDocument, PortReference
from engine.errors import BadUserInput, ValueRefused
from engine.ids import new_execution_id
from engine.interface import checked_inputs
from engine.labels import Label, check_distinct, check_labels
from engine.options import ExecutionOptions
from engine.ports import Port, accepts, refusal_of
from engine.registry import Registry
from engine.spelling import SHOWN, did_you_mean
from engine.values import Value, encode
from schema.inputs import CreateExecutionInput, ExecutionOptionsInput, ExternalEventInput, LabelInput, PortValueInput
from storage.executions import ExecutionRow, NewExecution, repeated_execution
from storage.versions import Version

KEY_LENGTH = 255
EVENTS_LIMIT = 1000


async def repeated(given: CreateExecutionInput, pool: asyncpg.Pool, owner_id: str) -> ExecutionRow | None:
    """The execution that an earlier request with the same key has made, whatever became of its flow since."""
    key = check_key(given.idempotency_key)
    if key is None:
        return None
    async with pool.acquire() as connection:
        return await repeated_execution(connection, owner_id, key, request_digest(given))


def new_execution(given: CreateExecutionInput, version: Version, owner_id: str) -> NewExecution:
    """Check what was given against the flow version; raises `BadUserInput`."""
    document = version.document
    return NewExecution(
        id=new_execution_id(),
        flow_id=version.row.flow_id,
        flow_version=version.row.version,
        flow_name=version.row.name,
        owner_id=owner_id,
        inputs=checked_inputs(document, given.inputs, "input.inputs"),
        port_values=check_port_values(given.port_values or [], document, version.node_types),
        options=_options(given.options, document),
        integration=given.integration,
        external_events=_events(given.events or [], version),
        priority=given.priority,
        idempotency_key=check_key(given.idempotency_key),
        request_digest=request_digest(given),
        labels=_labels(given.labels or []),
        starts=given.auto_start,
    )


def _options(given: ExecutionOptionsInput | None, document: FlowDocument) -> ExecutionOptions:
    try:
        options = ExecutionOptions.model_validate(vars(given) if given else {}, by_name=True)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(["input", "options", *(to_camel(str(step)) for step in first["loc"])])
        raise BadUserInput(f"{first['msg']}.", field=field) from None
    check_breakpoints(options.breakpoints, document, "input.options.breakpoints")
    return options


def check_breakpoints(breakpoints: Sequence[str], document: FlowDocument, field: str) -> None:
    """Refuse nodes that the flow does not have; raises `BadUserInput`."""
    known = {node.id for node in document.nodes} if breakpoints else set()
    for number, node_id in enumerate(breakpoints):
        if node_id not in known:
            raise BadUserInput("The flow has no such node.", field=f"{field}.{number}")


def _events(given: Sequence[ExternalEventInput], version: Version) -> list[dict[str, Any]]:
    if len(given) > EVENTS_LIMIT:
        raise BadUserInput(f"There may be at most {EVENTS_LIMIT} events.", field="input.events")
    for number, event in enumerate(given):
        _check_event(event, version, f"input.events.{number}")
    return [{"eventName": event.event_name, "payload": event.payload} for event in given]


def _check_event(event: ExternalEventInput, version: Version, field: str) -> None:
    check_listener(event.event_name, version, f"{field}.eventName")
    try:
        Value.of(event.payload)
    except ValueRefused as error:
        raise BadUserInput(error.message, field=f"{field}.payload") from None


def check_listener(event_name: str, version: Version, field: str) -> None:
    """Refuse an event that nothing in the flow listens for; raises `BadUserInput`."""
    if event_name not in version.plan.listeners:
        near = did_you_mean(event_name, version.plan.listeners)
        raise BadUserInput(f"The flow has no event.listen for {event_name[:SHOWN]!r}.{near}", field=field)


def _labels(given: Sequence[LabelInput]) -> list[Label]:
    labels = [Label(label.name, label.value) for label in given]
    check_labels(labels, "input.labels")
    check_distinct(labels, "input.labels")
    return labels


def check_port_values(
    given: Sequence[PortValueInput], document: FlowDocument, node_types: Registry
) -> list[dict[str, Any]]:
    """Port values as they are stored; raises `BadUserInput` for what no input of the flow takes."""
    if not given:
        return []
    nodes = {node.id: node for node in document.nodes}
    taken = {edge.target for edge in document.edges}
    for number, item in enumerate(given):
        place = f"input.portValues.{number}"
        if item.node_id not in nodes:
            raise BadUserInput("The flow has no such node.", field=f"{place}.nodeId")
        port = _port(item, nodes[item.node_id], node_types, f"{place}.port")
        reference = PortReference(item.node_id, item.port)
        if reference in taken:
            raise BadUserInput("An edge leads to this port, or a value was given to it.", field=f"{place}.port")
        taken.add(reference)
        _check_value(item.value, port, f"{place}.value")
    return [{"nodeId": item.node_id, "port": item.port, "value": item.value} for item in given]


def _port(item: PortValueInput, node: NodeDocument, node_types: Registry, field: str) -> Port:
    port = node_types[node.type].ports(node.inputs).inputs.get(item.port)
    if port is None:
        raise BadUserInput(f"A node of type {node.type} has no such input.", field=field)
    if port.constant:
        raise BadUserInput("The value of this port is a constant of the document.", field=field)
    return port


def _check_value(data: Any, port: Port, field: str) -> None:
    try:
        Value.of(data)
    except ValueRefused as error:
        raise BadUserInput(error.message, field=field) from None
    if refusal := refusal_of(port, data):
        raise BadUserInput(refusal, field=field)
    items = data if port.many and isinstance(data, list) else [data]
    if not all(accepts(port.kind, item) for item in items):
        raise BadUserInput(f"The value does not fit a port of kind {port.kind}.", field=field)


def check_key(key: str | None, field: str = "input.idempotencyKey") -> str | None:
    """An idempotency key, if one was given; raises `BadUserInput` for one that is empty or too long."""
    if key is not None and not 1 <= len(key) <= KEY_LENGTH:
        raise BadUserInput(f"The key must have 1 to {KEY_LENGTH} characters.", field=field)
    return key


def request_digest(given: CreateExecutionInput) -> str | None:
    """What tells two requests with the same key apart; None without a key."""
    if given.idempotency_key is None:
        return None
    request = {**asdict(given), "idempotency_key": None}
    # A key that was used before there were labels still has the digest that it had.
    if not given.labels:
        del request["labels"]
    return digest(request)


def digest(request: Any) -> str:
    """What tells a request from others: SHA-256 of its JSON text, in hex; raises `BadUserInput` where it has none."""
    try:
        text = encode(orjson.loads(orjson.dumps(request)))
    except (orjson.JSONEncodeError, ValueRefused):
        said = "A text in it has NUL characters or lone surrogates, or something is nested too deeply."
        raise BadUserInput(said, field="input") from None
    return hashlib.sha256(text).hexdigest()
