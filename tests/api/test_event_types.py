"""Events by their types: the quick way and the long way show the same."""

from typing import Any

import pytest
from graphql import GraphQLObjectType

from engine.event import Event
from engine.events import EVENT_TYPES, NodeFailed, NodePortResolved, NodeWaiting
from engine.records import ExecutionError
from engine.status import ErrorCode
from engine.values import Value
from resolvers.schema import SCHEMA
from schema.selections import Selections
from schema.view import NotPlain
from tests.api.client import Client, Json
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append, completed, started

ERROR = ExecutionError(code=ErrorCode.TIMEOUT, message="Too late.", node_id="double", retryable=True)
NODE = {"node_id": "double", "node_type": "math.arithmetic"}
LOG: tuple[Event, ...] = (
    FLOW_STARTED,
    started(),
    NodeWaiting(**NODE, until="2026-01-02T03:04:05.678Z"),
    NodePortResolved(**NODE, attempt=1, port="q", value=Value.of(None)),
    NodeFailed(**NODE, attempt=1, error=ERROR, execution_time=1),
    completed(attempt=2),
    FLOW_COMPLETED,
)


async def ask(client: Client, connection: Any, selection: str, fragment: str = "") -> list[Json]:
    execution = await client.create_execution(await client.create_flow())
    await append(connection, execution, *LOG)
    query = f"query($id: ID!) {{ execution(id: $id) {{ events {{ events {{ {selection} }} }} }} }} {fragment}"
    events: list[Json] = (await client.ask(query, id=execution))["execution"]["events"]["events"]
    return events


FRAGMENT = "fragment Started on NodeStartedEvent { tried: attempt inputs key: idempotencyKey }"
TYPED = """__typename place: index type
  ... on NodeEvent { nodeId nodeType }
  ... on NodeWaitingEvent { until signalName childCount promised }
  ... on NodePortResolvedEvent { port value }
  ... on NodeCompletedEvent { outputs executionTime }
  ... on TerminalEvent { executionTime }
  ...Started"""


def refuse(*_: object) -> None:
    raise NotPlain


@pytest.fixture(params=["quick", "long"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of the two ways an operation takes."""
    if request.param == "long":
        monkeypatch.setattr(Selections, "drawings", refuse)


async def test_each_event_has_the_fields_of_its_kind(client: Client, connection: Any, way: None) -> None:
    created, flow_started, begun, waiting, resolved, failed, done, end = await ask(client, connection, TYPED, FRAGMENT)
    assert created == {"__typename": "ExecutionCreatedEvent", "place": -1, "type": "EXECUTION_CREATED"}
    assert flow_started == {"__typename": "FlowStartedEvent", "place": 0, "type": "FLOW_STARTED"}
    node = {"nodeId": "double", "nodeType": "math.arithmetic"}
    assert begun == {
        "__typename": "NodeStartedEvent",
        "place": 1,
        "type": "NODE_STARTED",
        **node,
        "tried": 1,
        "inputs": {"a": 4},
        "key": "k",
    }
    assert (waiting["until"], waiting["signalName"], waiting["promised"]) == ("2026-01-02T03:04:05.678Z", None, None)
    assert (resolved["port"], resolved["value"]) == ("q", None)
    assert failed == {"__typename": "NodeFailedEvent", "place": 4, "type": "NODE_FAILED", **node}
    assert (done["outputs"], done["executionTime"]) == ({"result": 8}, 1.5)
    assert (end["__typename"], end["executionTime"]) == ("FlowCompletedEvent", 2.0)


async def test_an_error_in_an_event_is_an_object(client: Client, connection: Any, way: None) -> None:
    events = await ask(client, connection, "index ... on NodeFailedEvent { error { code message nodeId retryable } }")
    assert events[5]["error"] == {"code": "TIMEOUT", "message": "Too late.", "nodeId": "double", "retryable": True}


async def test_data_has_the_fields_of_the_kind_as_one_object(client: Client, connection: Any, way: None) -> None:
    events = await ask(client, connection, "data")
    assert events[5]["data"] == {
        "nodeId": "double",
        "nodeType": "math.arithmetic",
        "attempt": 1,
        "error": {"code": "TIMEOUT", "message": "Too late.", "nodeId": "double", "retryable": True},
        "executionTime": 1.0,
    }


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_data_of_every_kind_has_the_names_that_its_type_has(kind: str) -> None:
    model = EVENT_TYPES[kind]
    type_ = SCHEMA._schema.type_map[f"{model.__name__}Event"]
    assert isinstance(type_, GraphQLObjectType)
    own = set(type_.fields) - {"executionId", "index", "type", "timestamp", "data"}
    assert own == {key for key, _ in model.stored}
