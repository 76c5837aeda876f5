"""What an execution is made of, and how that is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.capability import LOG_FORMAT, PLAIN_LOG_FORMAT
from engine.events import ExecutionCreated
from engine.labels import Label
from engine.options import ExecutionOptions
from engine.values import Payload, Value, encode
from storage.append import Child


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExecution:
    """An execution to be made; without `root_id` it is the root of its own tree, and only such a one has `labels`.

    `inputs` are values by name, `port_values` a list of `{"nodeId", "port", "value"}`, `external_events` one of
    `{"eventName", "payload"}`. `request_digest` tells two requests with the same `idempotency_key` apart. With
    `runs_event` a root runs for its one event itself; what `starts` has its START in the mailbox from the beginning.
    """

    id: str
    flow_id: str
    flow_version: int
    flow_name: str
    owner_id: str
    inputs: Mapping[str, Any]
    port_values: Sequence[Mapping[str, Any]]
    options: ExecutionOptions
    integration: Any
    external_events: Sequence[Mapping[str, Any]]
    priority: int
    idempotency_key: str | None
    request_digest: str | None
    root_id: str | None = None
    parent_id: str | None = None
    depth: int = 0
    forked_from_id: str | None = None
    runs_event: bool = False
    starts: bool = False

    @property
    def log_format(self) -> int:
        """The format of its log."""
        return LOG_FORMAT if self.forked_from_id else PLAIN_LOG_FORMAT

    labels: Sequence[Label] = ()

    @property
    def root(self) -> str:
        """The root of its tree."""
        return self.root_id or self.id


@dataclass(frozen=True, slots=True)
class StoredExecution:
    """The columns of a new execution that hold JSON, its first event, and the payloads that they refer to."""

    inputs: str
    port_values: str
    options: str
    integration: str | None
    external_events: str
    created_event: str
    payloads: Sequence[Payload]


def store(new: NewExecution) -> StoredExecution:
    """Give an execution its stored form; raises `ValueRefused` for what cannot be stored exactly."""
    inputs = {name: _value(data) for name, data in new.inputs.items()}
    ports = [{**port, "value": _value(port["value"])} for port in new.port_values]
    events = [{**event, "payload": _value(event["payload"])} for event in new.external_events]
    values = [*inputs.values(), *(port["value"] for port in ports), *(event["payload"] for event in events)]
    return StoredExecution(
        inputs=_text(inputs),
        port_values=_text(ports),
        options=new.options.model_dump_json(by_alias=True),
        integration=None if new.integration is None else encode(new.integration).decode(),
        external_events=_text(events),
        created_event=_created(new).encode().decode(),
        payloads=list({value.payload.id: value.payload for value in values if value.payload}.values()),
    )


def child_of(
    new: NewExecution, *, spawned_by: str | None, spawn_key: str, is_born_paused: bool
) -> tuple[Child, Sequence[Payload]]:
    """The child that a parent's append creates, and the payloads that it refers to."""
    stored = store(new)
    child = Child(
        id=new.id,
        flow_id=new.flow_id,
        flow_version=new.flow_version,
        depth=new.depth,
        inputs=stored.inputs,
        port_values=stored.port_values,
        options=stored.options,
        integration=stored.integration,
        external_events=stored.external_events,
        spawned_by=spawned_by,
        spawn_key=spawn_key,
        created_event=stored.created_event,
        is_born_paused=is_born_paused,
    )
    return child, stored.payloads


def _created(new: NewExecution) -> ExecutionCreated:
    return ExecutionCreated(
        flow_id=new.flow_id,
        flow_version=new.flow_version,
        flow_name=new.flow_name,
        owner_id=new.owner_id,
        root_execution_id=new.root,
        parent_execution_id=new.parent_id,
        depth=new.depth,
        forked_from_id=new.forked_from_id,
    )


def _value(data: Any) -> Value:
    """Take data into the service; what a parent hands on is a value already."""
    return data if isinstance(data, Value) else Value.of(data)


def _text(values: Any) -> str:
    return orjson.dumps(values, default=_wire).decode()


def _wire(value: Value) -> orjson.Fragment:
    return orjson.Fragment(value.wire)
