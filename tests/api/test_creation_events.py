"""Executions that are created for events from outside, and the children that run for them, without a worker."""

import asyncpg
import orjson
import pytest

from tests.api.client import Client, Json
from tests.api.flows import LISTENING
from tests.api.logs import FLOW_STARTED, append

CREATE = """mutation($i: CreateExecutionInput!) {
  createExecution(input: $i) { created execution { id status externalEvents { eventName payload } } }
}"""
STATES = """query($id: ID!) { execution(id: $id) {
  externalEvents { eventName payload } nodeStates { edges { node { nodeId status } } } nodeStatusCounts { status count }
} }"""


@pytest.fixture
async def flow(client: Client) -> str:
    return await client.create_flow(**LISTENING)


def order(payload: Json) -> Json:
    return {"eventName": "order", "payload": payload}


async def test_events_come_back_as_they_were_given(client: Client, flow: str) -> None:
    events = [order({"b": [1e16, -0.0, 1], "a": None}), {"eventName": "order"}, order([])]
    made = (await client.ask(CREATE, i={"flowId": flow, "events": events}))["createExecution"]
    assert (made["created"], made["execution"]["status"]) == (True, "CREATED")
    expected = [events[0], order(None), order([])]
    assert repr(made["execution"]["externalEvents"]) == repr(expected)


@pytest.mark.parametrize("given", [{}, {"events": None}, {"events": []}])
async def test_without_events_there_are_none(client: Client, flow: str, given: Json) -> None:
    made = await client.ask(CREATE, i={"flowId": flow, **given})
    assert made["createExecution"]["execution"]["externalEvents"] == []


@pytest.mark.parametrize(
    ("events", "field"),
    [
        ([order(1), {"eventName": "ordre"}], "input.events.1.eventName"),
        ([{"eventName": ""}], "input.events.0.eventName"),
        ([{"payload": 1}], "input.events.0"),
        ([order(1), order("\x00")], "input.events.1.payload"),
        ([order(float("nan"))], "input.events.0.payload"),
        ([order({"deep": ["\ud800"]})], "input.events.0.payload"),
        ([order(1)] * 1001, "input.events"),
    ],
)
async def test_an_event_that_cannot_be_run_for_is_named_by_its_place(
    client: Client, flow: str, events: list[Json], field: str
) -> None:
    refused = await client.failure(CREATE, i={"flowId": flow, "events": events})
    assert refused == {"code": "BAD_USER_INPUT", "field": field}


async def test_an_event_that_nobody_listens_to_is_refused_with_its_name(client: Client, flow: str) -> None:
    answer = await client.answer(CREATE, i={"flowId": flow, "events": [{"eventName": "ordre"}]})
    assert answer["errors"][0]["message"] == "The flow has no event.listen for 'ordre'. Did you mean 'order'?"


async def test_as_many_events_as_are_allowed_are_taken(client: Client, flow: str) -> None:
    events = [order(number) for number in range(1000)]
    made = await client.ask(CREATE, i={"flowId": flow, "events": events})
    assert made["createExecution"]["execution"]["externalEvents"] == events


async def test_a_repeated_key_knows_the_events_too(client: Client, flow: str) -> None:
    given = {"flowId": flow, "events": [order(1), order(2)], "idempotencyKey": "once"}
    first, again = [(await client.ask(CREATE, i=given))["createExecution"] for _ in range(2)]
    assert (first["created"], again) == (True, {**first, "created": False})
    for events in ([order(2), order(1)], [order(1)], [order(1.0), order(2)], [], None):
        assert (await client.failure(CREATE, i={**given, "events": events}))["code"] == "CONFLICT"


async def test_in_a_child_that_runs_for_an_event_the_nodes_outside_of_its_run_stay_idle(
    client: Client, flow: str, connection: asyncpg.Connection
) -> None:
    parent = await client.create_execution(flow, inputs={}, events=[order(7)])
    child = await client.create_execution(flow, inputs={})
    await connection.execute(
        "update executions set parent_id = $2, root_id = $2, depth = 1, external_events = $3 where id = $1",
        child,
        parent,
        orjson.dumps([order(7)]).decode(),
    )
    await append(connection, parent, FLOW_STARTED)
    await append(connection, child, FLOW_STARTED)

    async def statuses(execution: str) -> list[str]:
        found = (await client.ask(STATES, id=execution))["execution"]
        assert found["externalEvents"] == [order(7)]
        return [edge["node"]["status"] for edge in found["nodeStates"]["edges"]]

    assert await statuses(child) == ["IDLE", "READY", "IDLE"]
    assert await statuses(parent) == ["IDLE", "IDLE", "IDLE"]
