"""The schema: its shape, its descriptions, and the file that clients read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

from engine.events import EVENT_TYPES
from resolvers.schema import sdl

ROOT = Path(__file__).parents[2]
NODE = {"nodeId": "ID!", "nodeType": "String!"}
EVENT = {
    "executionId": "ID!",
    "index": "Int!",
    "type": "ExecutionEventType!",
    "timestamp": "DateTime!",
    "data": "JSON!",
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(sdl())


def fields(schema: GraphQLSchema, name: str) -> dict[str, str]:
    type_: Any = schema.type_map[name]
    return {field: str(found.type) for field, found in type_.fields.items()}


def arguments(schema: GraphQLSchema, type_name: str, field: str) -> dict[str, str]:
    """The arguments of a field with their defaults, as SDL shows them."""
    type_: Any = schema.type_map[type_name]
    return {name: _shown(taken) for name, taken in type_.fields[field].args.items()}


def _shown(taken: Any) -> str:
    default = taken.ast_node.default_value
    return (
        f"{taken.type} = {default.loc.source.body[default.loc.start : default.loc.end]}" if default else str(taken.type)
    )


def test_the_exported_file_is_what_the_code_makes() -> None:
    assert (ROOT / "schema.graphql").read_text() == sdl()


def test_the_roots_have_exactly_these_fields(schema: GraphQLSchema) -> None:
    assert fields(schema, "Query") == {
        "node": "Node",
        "viewer": "Viewer!",
        "flow": "Flow",
        "flows": "FlowConnection!",
        "nodeTypes": "[NodeType!]!",
        "execution": "Execution",
        "executionTree": "ExecutionTreeConnection",
        "rootExecutions": "RootExecutionConnection!",
        "payload": "JSON",
        "schedules": "ScheduleConnection!",
        "webhooks": "WebhookConnection!",
        "whyNotRunning": "WhyNotRunning!",
        "secrets": "SecretConnection!",
    }
    assert fields(schema, "Mutation") == {
        "createFlow": "CreateFlowPayload!",
        "updateFlow": "UpdateFlowPayload!",
        "deleteFlow": "DeleteFlowPayload!",
        "validateFlow": "FlowValidation!",
        "grantFlowAccess": "GrantFlowAccessPayload!",
        "revokeFlowAccess": "RevokeFlowAccessPayload!",
        "createExecution": "CreateExecutionPayload!",
        "startExecution": "StartExecutionPayload!",
        "stopExecution": "StopExecutionPayload!",
        "pauseExecution": "PauseExecutionPayload!",
        "resumeExecution": "ResumeExecutionPayload!",
        "stepExecution": "StepExecutionPayload!",
        "setBreakpoints": "SetBreakpointsPayload!",
        "sendSignal": "SendSignalPayload!",
        "retryExecution": "RetryExecutionPayload!",
        "forkExecution": "ForkExecutionPayload!",
        "stopExecutions": "BulkPayload!",
        "pauseExecutions": "BulkPayload!",
        "resumeExecutions": "BulkPayload!",
        "putSecret": "PutSecretPayload!",
        "deleteSecret": "DeleteSecretPayload!",
        "createSchedule": "CreateSchedulePayload!",
        "pauseSchedule": "PauseSchedulePayload!",
        "resumeSchedule": "ResumeSchedulePayload!",
        "deleteSchedule": "DeleteSchedulePayload!",
        "createWebhook": "CreateWebhookPayload!",
        "deleteWebhook": "DeleteWebhookPayload!",
    }
    assert fields(schema, "Subscription") == {
        "executionEvents": "ExecutionEventBatch!",
        "executionTreeEvents": "ExecutionTreeEventBatch!",
        "rootExecutionsChanged": "RootExecutionsChange!",
    }


def test_arguments_have_their_types_and_defaults(schema: GraphQLSchema) -> None:
    assert arguments(schema, "Subscription", "executionEvents") == {
        "executionId": "ID!",
        "fromIndex": "Int! = -1",
        "eventTypes": "[ExecutionEventType!]! = []",
        "batchSize": "Int! = 100",
        "batchTimeoutMs": "Int! = 25",
    }
    assert arguments(schema, "Subscription", "executionTreeEvents") == {
        "executionId": "ID!",
        "after": "String",
        "eventTypes": "[ExecutionEventType!]! = []",
        "batchSize": "Int! = 100",
        "batchTimeoutMs": "Int! = 25",
    }
    assert arguments(schema, "Subscription", "rootExecutionsChanged") == {"flowId": "ID"}
    assert arguments(schema, "Query", "flows") == {"first": "Int! = 50", "after": "String", "search": "String"}
    assert arguments(schema, "Query", "executionTree") == {
        "executionId": "ID!",
        "first": "Int! = 100",
        "after": "String",
        "maxLevel": "Int",
    }
    assert arguments(schema, "Query", "rootExecutions") == {
        "flowId": "ID",
        "first": "Int! = 50",
        "after": "String",
        "filter": "ExecutionFilter",
    }
    assert arguments(schema, "Mutation", "stopExecutions") == {
        "filter": "ExecutionFilter!",
        "reason": "String",
        "limit": "Int! = 100",
    }
    assert arguments(schema, "Mutation", "stopExecution") == {"executionId": "ID!", "reason": "String"}
    assert arguments(schema, "Mutation", "pauseExecution") == {"executionId": "ID!", "reason": "String"}
    assert arguments(schema, "Mutation", "setBreakpoints") == {"executionId": "ID!", "nodeIds": "[ID!]!"}
    assert arguments(schema, "Mutation", "sendSignal") == {"executionId": "ID!", "name": "String!", "payload": "JSON"}
    assert arguments(schema, "Flow", "version") == {"number": "Int!"}
    assert arguments(schema, "Execution", "nodeStates") == {
        "first": "Int! = 100",
        "after": "String",
        "nodeIds": "[ID!]",
        "statuses": "[NodeStatus!]",
    }


def test_options_have_the_defaults_of_the_engine(schema: GraphQLSchema) -> None:
    options = schema.type_map["ExecutionOptionsInput"]
    assert isinstance(options, GraphQLInputObjectType)
    assert {name: _shown(field) for name, field in options.fields.items()} == {
        "maxConcurrency": "Int! = 50",
        "nodeTimeoutMs": "Int! = 3600000",
        "flowTimeoutMs": "Int! = 10800000",
        "startTimeoutMs": "Int! = 300000",
        "onNodeFailure": "NodeFailurePolicy! = FAIL",
        "onChildFailure": "NodeFailurePolicy! = CONTINUE",
        "recordEvents": "RecordEvents! = NODES",
        "debug": "Boolean! = false",
        "breakpoints": "[ID!]! = []",
        "maxChildren": "Int! = 10000",
    }
    assert fields(schema, "ExecutionOptions") == fields(schema, "ExecutionOptionsInput")


def test_events_from_outside_are_given_and_shown_alike(schema: GraphQLSchema) -> None:
    assert fields(schema, "ExternalEventInput") == {"eventName": "String!", "payload": "JSON"}
    assert fields(schema, "ExternalEvent") == fields(schema, "ExternalEventInput")
    assert fields(schema, "CreateExecutionInput")["events"] == "[ExternalEventInput!]"


def test_every_kind_of_event_has_a_type_of_its_own_and_an_enum_value(schema: GraphQLSchema) -> None:
    kinds = schema.type_map["ExecutionEventType"]
    assert isinstance(kinds, GraphQLEnumType)
    assert list(kinds.values) == list(EVENT_TYPES)
    event = schema.type_map["ExecutionEvent"]
    assert isinstance(event, GraphQLInterfaceType)
    types = {type_.name for type_ in schema.get_possible_types(event)}
    assert types == {f"{model.__name__}Event" for model in EVENT_TYPES.values()}


@pytest.mark.parametrize(
    ("name", "interface", "own"),
    [
        ("NodeStartedEvent", "NodeEvent", {"attempt": "Int!", "inputs": "JSON!", "idempotencyKey": "String!"}),
        ("NodeCompletedEvent", "NodeEvent", {"attempt": "Int!", "outputs": "JSON!", "executionTime": "Float!"}),
        ("NodeFailedEvent", "NodeEvent", {"attempt": "Int!", "error": "ExecutionError!", "executionTime": "Float!"}),
        ("NodeSkippedEvent", "NodeEvent", {"reason": "String", "causedBy": "[ID!]!"}),
        ("NodePortResolvedEvent", "NodeEvent", {"attempt": "Int!", "port": "String!", "value": "JSON"}),
        ("NodeStatusChangedEvent", "NodeEvent", {"oldStatus": "NodeStatus!", "newStatus": "NodeStatus!"}),
        (
            "NodeWaitingEvent",
            "NodeEvent",
            {"until": "DateTime", "signalName": "String", "childCount": "Int", "promised": "JSON", "calls": "JSON"},
        ),
        ("FlowFailedEvent", "TerminalEvent", {"error": "ExecutionError!"}),
        ("FlowCompletedEvent", "TerminalEvent", {"outputs": "JSON!", "failedNodeCount": "Int!"}),
        ("ChildExecutionSpawnedEvent", "ChildEvent", {"eventData": "JSON"}),
        ("ChildExecutionFailedEvent", "ChildEvent", {"error": "ExecutionError!"}),
        (
            "SignalReceivedEvent",
            None,
            {"signalName": "String", "payload": "JSON", "accepted": "Boolean!", "reason": "String"},
        ),
        ("DebugBreakpointHitEvent", "NodeEvent", {}),
        ("EdgeTransferCompletedEvent", "EdgeEvent", {"transferTime": "Float!"}),
        ("FlowPausedEvent", None, {"reason": "String", "runningNodes": "Int!", "byParent": "Boolean!"}),
        ("BreakpointsSetEvent", None, {"nodeIds": "[ID!]!"}),
    ],
)
def test_an_event_has_the_fields_of_its_kind_and_of_its_interfaces(
    schema: GraphQLSchema, name: str, interface: str | None, own: dict[str, str]
) -> None:
    type_ = schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    assert {each.name for each in type_.interfaces} == {"ExecutionEvent", interface} - {None}
    inherited = fields(schema, interface) if interface else EVENT
    assert fields(schema, name) == {**inherited, **own}


def test_a_field_has_one_exact_type_in_all_kinds(schema: GraphQLSchema) -> None:
    found: dict[str, set[str]] = {}
    for model in EVENT_TYPES.values():
        for field, type_ in fields(schema, f"{model.__name__}Event").items():
            found.setdefault(field, set()).add(type_)
    assert {field: types for field, types in found.items() if len(types) > 1} == {}


@pytest.mark.parametrize(
    ("connection", "node"),
    [
        ("Flow", "Flow"),
        ("FlowVersion", "FlowVersion"),
        ("Execution", "Execution"),
        ("RootExecution", "RootExecution"),
        ("NodeState", "NodeState"),
        ("ExecutionTree", "ExecutionTreeNode"),
    ],
)
def test_connections_are_those_of_relay(schema: GraphQLSchema, connection: str, node: str) -> None:
    assert fields(schema, f"{connection}Connection") == {"edges": f"[{connection}Edge!]!", "pageInfo": "PageInfo!"}
    assert fields(schema, f"{connection}Edge") == {"node": f"{node}!", "cursor": "String!"}


def test_a_default_of_null_is_no_default() -> None:
    assert "= null" not in sdl()


def test_everything_public_is_described(schema: GraphQLSchema) -> None:
    assert list(_undescribed(schema)) == []


def _undescribed(schema: GraphQLSchema) -> Iterator[str]:
    for name, type_ in schema.type_map.items():
        if type_.ast_node is None:
            continue
        if not type_.description:
            yield name
        parts: Any = getattr(type_, "values" if isinstance(type_, GraphQLEnumType) else "fields", {})
        for part, found in parts.items():
            if not found.description:
                yield f"{name}.{part}"
            yield from (f"{name}.{part}({a})" for a, v in getattr(found, "args", {}).items() if not v.description)
