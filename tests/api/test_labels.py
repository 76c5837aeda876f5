"""Labels: given at the creation, shown as they were given, and what a label cannot be."""

import asyncpg
import pytest

from engine.labels import MOST_LABELS
from tests.api.client import Client, Json
from tests.api.trees import spawn

CREATE = """mutation($i: CreateExecutionInput!) {
  createExecution(input: $i) { created execution { id labels { name value } } } }"""
ROOTS = """query($filter: ExecutionFilter) {
  rootExecutions(filter: $filter) { edges { node { execution { id labels { name value } } } } } }"""


@pytest.fixture
async def flow(client: Client) -> str:
    return await client.create_flow()


def label(name: str, value: str = "x") -> Json:
    return {"name": name, "value": value}


REFUSED = [
    ([label("a"), label("")], ".1.name"),
    ([label("9a")], ".0.name"),
    ([label("a b")], ".0.name"),
    ([label("a\n")], ".0.name"),
    ([label("é")], ".0.name"),
    ([label("n" * 64)], ".0.name"),
    ([label("a\x00")], ".0.name"),
    ([label("a", "v" * 256)], ".0.value"),
    ([label("a"), label("b"), label("c"), label("d", "\x00")], ".3.value"),
    ([label("a", "\ud800")], ".0.value"),
    ([label(f"n{number}") for number in range(MOST_LABELS + 1)], ""),
    ([{"name": "a"}], ".0"),
]
"""Labels, and the place of what is wrong in them."""


async def create(client: Client, flow: str, *labels: Json, **given: Json) -> Json:
    given = {"flowId": flow, "inputs": {"number": 4}, "labels": list(labels), **given}
    return (await client.ask(CREATE, i=given))["createExecution"]


async def found(client: Client, *labels: Json, **filter: Json) -> list[str]:
    edges = (await client.ask(ROOTS, filter={"labels": list(labels), **filter}))["rootExecutions"]["edges"]
    return [edge["node"]["execution"]["id"] for edge in edges]


async def test_labels_come_back_in_order_and_whatever_was_spawned_has_those_of_its_root(
    client: Client, flow: str, connection: asyncpg.Connection
) -> None:
    labels = [label("team/owner", "Zoë %_\\ 💚"), label("a.b-c_9", ""), label("n" * 63, "é" * 255)]
    execution = (await create(client, flow, *labels))["execution"]
    assert execution["labels"] == labels
    child = await spawn(connection, execution["id"], "EX1")
    asked = await client.ask("query($id: ID!) { execution(id: $id) { labels { name value } } }", id=child)
    assert asked["execution"]["labels"] == labels
    assert (await create(client, flow))["execution"]["labels"] == []


async def test_executions_are_found_by_all_of_their_labels_exactly_as_they_are_written(
    client: Client, flow: str, connection: asyncpg.Connection
) -> None:
    one = (await create(client, flow, label("env", "prod"), label("who", "100%")))["execution"]["id"]
    two = (await create(client, flow, label("env", "prod"), label("who", "Bob")))["execution"]["id"]
    child = await spawn(connection, two, "EX1")
    assert await found(client, label("env", "prod")) == [two, one]
    assert await found(client, label("env", "prod"), label("env", "prod"), label("who", "100%")) == [one]
    assert await found(client, label("who", "bob")) == []
    assert await found(client, label("who", "100_")) == []
    assert await found(client, label("who", "Bob"), label("who", "100%")) == []
    assert await found(client) == [two, one]
    assert await found(client, label("who", "Bob"), parentExecutionId=two) == [child]
    assert await found(client, label("env", "prod"), statuses=["COMPLETED"]) == []


async def test_what_no_label_can_be_is_refused_by_its_place_where_it_is_given_and_where_it_is_asked_for(
    client: Client, flow: str
) -> None:
    for labels, place in REFUSED:
        refused = await client.failure(CREATE, i={"flowId": flow, "inputs": {"number": 4}, "labels": labels})
        assert refused == {"code": "BAD_USER_INPUT", "field": f"input.labels{place}"}
        refused = await client.failure(ROOTS, filter={"labels": labels})
        assert refused == {"code": "BAD_USER_INPUT", "field": f"filter.labels{place}"}


async def test_a_name_comes_once_and_as_many_labels_as_there_may_be_are_stored(client: Client, flow: str) -> None:
    twice = [label("a", "1"), label("b"), label("a", "2")]
    refused = await client.failure(CREATE, i={"flowId": flow, "inputs": {"number": 4}, "labels": twice})
    assert refused == {"code": "BAD_USER_INPUT", "field": "input.labels.2.name"}
    most = [label(f"n{number}") for number in range(MOST_LABELS)]
    assert (await create(client, flow, *most))["execution"]["labels"] == most
    assert len(await found(client, *most)) == 1


async def test_labels_are_among_the_arguments_that_an_idempotency_key_stands_for(client: Client, flow: str) -> None:
    first = await create(client, flow, label("a"), idempotencyKey="once")
    again = await create(client, flow, label("a"), idempotencyKey="once")
    assert (again["created"], again["execution"]) == (False, first["execution"])
    for other in ([], [label("a", "y")], [label("b")]):
        given = {"flowId": flow, "inputs": {"number": 4}, "labels": other, "idempotencyKey": "once"}
        assert (await client.failure(CREATE, i=given))["code"] == "CONFLICT"


async def test_a_key_from_before_there_were_labels_still_stands_for_the_same_request(
    client: Client, flow: str, connection: asyncpg.Connection
) -> None:
    made = await create(client, flow, idempotencyKey="old")
    given = {"flowId": flow, "inputs": {"number": 4}, "idempotencyKey": "old"}
    for labels in ({}, {"labels": None}, {"labels": []}):
        again = (await client.ask(CREATE, i={**given, **labels}))["createExecution"]
        assert (again["created"], again["execution"]["id"]) == (False, made["execution"]["id"])
