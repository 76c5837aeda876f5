"""Requests with an idempotency key: made again, they give what was made."""

import asyncio

import pytest

from tests.api.client import Client

CREATE = """mutation($i: CreateExecutionInput!) {
  createExecution(input: $i) { created execution { id pendingCommands } }
}"""


@pytest.fixture
async def flow(client: Client) -> str:
    return await client.create_flow()


async def test_a_repeated_key_gives_the_same_execution_once(client: Client, flow: str) -> None:
    given = {"flowId": flow, "inputs": {"number": 1}, "idempotencyKey": "once", "autoStart": True}
    made = await asyncio.gather(*(client.ask(CREATE, i=given) for _ in range(5)))
    outcomes = [each["createExecution"] for each in made]
    assert len({outcome["execution"]["id"] for outcome in outcomes}) == 1
    assert sorted(outcome["created"] for outcome in outcomes) == [False] * 4 + [True]
    later = (await client.ask(CREATE, i=given))["createExecution"]
    assert later["execution"]["pendingCommands"] == ["START"]


async def test_a_repeated_key_gives_the_same_execution_whatever_became_of_the_flow(client: Client, flow: str) -> None:
    given = {"flowId": flow, "inputs": {"number": 1}, "idempotencyKey": "once"}
    first = (await client.ask(CREATE, i=given))["createExecution"]
    other = {"tidegate": 1, "name": "Takes nothing", "nodes": []}
    await client.ask(
        "mutation($i: UpdateFlowInput!) { updateFlow(input: $i) { flow { id } } }", i={"id": flow, "document": other}
    )
    again = (await client.ask(CREATE, i=given))["createExecution"]
    assert (again["created"], again["execution"]["id"]) == (False, first["execution"]["id"])


async def test_a_repeated_key_with_other_arguments_is_a_conflict(client: Client, flow: str) -> None:
    given = {"flowId": flow, "inputs": {"number": 1}, "idempotencyKey": "once"}
    await client.ask(CREATE, i=given)
    for other in ({"inputs": {"number": 2}}, {"priority": 1}, {"autoStart": True}, {"inputs": {"number": 1.0}}):
        assert (await client.failure(CREATE, i={**given, **other}))["code"] == "CONFLICT"


@pytest.mark.parametrize("text", ["\ud800", "a\0"])
async def test_a_request_with_a_key_and_a_text_that_cannot_be_stored_is_refused(
    client: Client, flow: str, text: str
) -> None:
    given = {"flowId": flow, "inputs": {"number": 1}, "idempotencyKey": "once"}
    labelled = {**given, "labels": [{"name": "customer", "value": text}]}
    assert await client.failure(CREATE, i=labelled) == {"code": "BAD_USER_INPUT", "field": "input"}
    assert (await client.ask(CREATE, i=given))["createExecution"]["created"]
