"""Webhooks over HTTP: signed by another implementation, taken once, and refused without a hint."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from engine.webhook_signature import signature
from resolvers.hooks import BODY_LIMIT
from storage import webhooks as store
from storage.keyring import NO_KEYS
from tests.api.client import Client, Json
from tests.api.server import running_server
from tests.eventually import eventually
from tests.keys import KEYS

CREATE = """mutation($flow: ID!, $event: String! = "placed") { createWebhook(flowId: $flow, eventName: $event) {
    webhook { id flowId ownerId eventName path createdAt } signingKey } }"""
LIST = """query($flow: ID!, $first: Int! = 50, $after: String) { webhooks(flowId: $flow, first: $first, after: $after) {
    edges { node { id path } } pageInfo { hasNextPage endCursor } } }"""
DELETE = "mutation($id: ID!) { deleteWebhook(id: $id) { deletedId } }"
UPDATE = "mutation($id: ID!, $d: JSON!) { updateFlow(input: {id: $id, document: $d}) { flow { id } } }"
TREE = """query($id: ID!) { execution(id: $id) { status labels { name value } integration
    externalEvents { eventName payload } children { edges { node { status outputs } } } } }"""
NOT_SIGNED = {"error": "The message is not signed as it must be."}

LISTENING: Json = {
    "tidegate": 1,
    "name": "Orders",
    "nodes": [
        {"id": "order", "type": "event.listen", "inputs": {"eventName": "placed"}},
        {"id": "out", "type": "flow.output", "inputs": {"name": "order"}},
    ],
    "edges": [{"from": "order.payload", "to": "out.value"}],
}
DEAF: Json = {**LISTENING, "nodes": [{"id": "n", "type": "value.number", "inputs": {"value": 1}}], "edges": []}


class Hook:
    """A webhook as its sender knows it."""

    def __init__(self, client: Client, made: Json) -> None:
        self.id = made["webhook"]["id"]
        self.key = made["signingKey"]
        self._client = client
        self._url = client.server.at(made["webhook"]["path"])

    def headers(self, body: bytes, message_id: str = "msg_1", at: datetime | None = None) -> dict[str, str]:
        moment = at or datetime.now(UTC)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(self.key).sign(message_id, moment, body.decode()),
        }

    async def post(self, body: Any, headers: dict[str, str] | None = None, **signed: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self._client.http.post(
            self._url, content=content, headers=self.headers(content, **signed) if headers is None else headers
        )


@pytest.fixture
async def flow(client: Client) -> str:
    return await client.create_flow(**LISTENING)


@pytest.fixture
async def hook(client: Client, flow: str) -> Hook:
    return Hook(client, (await client.ask(CREATE, flow=flow))["createWebhook"])


async def count(connection: asyncpg.Connection) -> int:
    found: int = await connection.fetchval("select count(*) from executions")
    return found


async def test_a_signed_message_runs_the_flow_for_its_event(client: Client, hook: Hook, worker: None) -> None:
    answer = await hook.post({"item": "lämp", "price": 1e16})
    assert answer.status_code == 202
    id = answer.json()["executionId"]

    async def ended() -> bool:
        return (await client.ask(TREE, id=id))["execution"]["status"] == "COMPLETED"

    await eventually(ended)
    shown = (await client.ask(TREE, id=id))["execution"]
    assert shown["externalEvents"] == [{"eventName": "placed", "payload": {"item": "lämp", "price": 1e16}}]
    assert [edge["node"] for edge in shown["children"]["edges"]] == [
        {"status": "COMPLETED", "outputs": {"order": {"item": "lämp", "price": 1e16}}}
    ]
    assert shown["labels"] == [{"name": "webhook", "value": hook.id}]
    assert shown["integration"] == {"webhook": {"id": hook.id, "messageId": "msg_1"}}


async def test_a_message_that_comes_again_gives_the_same_execution(
    client: Client, hook: Hook, flow: str, connection: asyncpg.Connection
) -> None:
    body = b'{"n": 1}'
    headers = hook.headers(body)
    answers = await asyncio.gather(*(hook.post(body, headers) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 202]
    assert len({answer.json()["executionId"] for answer in answers}) == 1
    # Signed anew, with another body, and although the flow has changed: the id says that it is the same message.
    await client.ask(UPDATE, id=flow, d=DEAF)
    again = await hook.post({"n": 2})
    assert (again.status_code, again.json()) == (200, answers[0].json())
    assert await count(connection) == 1


async def test_messages_of_two_webhooks_with_the_same_id_are_two(
    client: Client, hook: Hook, flow: str, connection: asyncpg.Connection
) -> None:
    other = Hook(client, (await client.ask(CREATE, flow=flow))["createWebhook"])
    assert [(await each.post({})).status_code for each in (hook, other)] == [202, 202]
    assert await count(connection) == 2


async def test_what_is_not_signed_rightly_is_refused_without_a_hint(
    client: Client, hook: Hook, connection: asyncpg.Connection
) -> None:
    body = b"{}"
    right = hook.headers(body)
    long_ago = hook.headers(body, at=datetime.now(UTC) - timedelta(minutes=6))
    wrong = [
        {},
        {**right, "webhook-id": "msg_2"},
        {**right, "webhook-signature": "v1,AAAA"},
        {**right, "webhook-signature": ""},
        {**right, "webhook-timestamp": "0"},
        long_ago,
        {name: value for name, value in right.items() if name != "webhook-timestamp"},
    ]
    for headers in wrong:
        answer = await hook.post(body, headers)
        assert (answer.status_code, answer.json()) == (401, NOT_SIGNED)
    assert (await hook.post(b"not json", right)).status_code == 401
    assert await count(connection) == 0


async def test_a_missing_and_a_deleted_webhook_are_the_same(client: Client, hook: Hook, flow: str) -> None:
    on_deleted_flow = Hook(client, (await client.ask(CREATE, flow=flow))["createWebhook"])
    await client.ask(DELETE, id=hook.id)
    await client.ask("mutation($id: ID!) { deleteFlow(id: $id) { deletedId } }", id=flow)
    missing = [client.server.at(f"/hooks/{id}") for id in ("WH0000000000000000", "x", "a%00b", "%ff", "'")]
    answers = [await client.http.post(url, content=b"{}") for url in missing]
    answers += [await each.post({}) for each in (hook, on_deleted_flow)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, '{"error":"There is no such webhook."}')}


async def test_bodies_that_cannot_be_taken_say_why(hook: Hook, connection: asyncpg.Connection) -> None:
    for body in (b"", b"{", b'{"a": 1, "a": 2}', b"NaN", b'"\\u0000"', b"[" * 100_000):
        answer = await hook.post(body)
        assert answer.status_code == 400, body[:20]
        assert answer.json()["error"]
    not_text = b"\xff"
    signed = {**hook.headers(b""), "webhook-signature": _signature(hook, not_text)}
    assert (await hook.post(not_text, signed)).status_code == 400
    large = await hook.post(b'"' + b"x" * BODY_LIMIT + b'"')
    assert (large.status_code, large.json()) == (413, {"error": f"The request has more than {BODY_LIMIT} bytes."})
    assert (await hook.post(b'"' + b"x" * (BODY_LIMIT - 2) + b'"')).status_code == 202
    assert await count(connection) == 1


def _signature(hook: Hook, body: bytes) -> str:
    raw = Webhook(hook.key)._whsecret
    return signature(raw, "msg_1", str(int(datetime.now(UTC).timestamp())), body)


async def test_a_flow_that_does_not_listen_any_more_says_so(
    client: Client, hook: Hook, flow: str, connection: asyncpg.Connection
) -> None:
    await client.ask(UPDATE, id=flow, d=DEAF)
    answer = await hook.post({})
    assert (answer.status_code, answer.json()) == (422, {"error": "The flow has no event.listen for 'placed'."})
    needy = {"id": "n", "type": "flow.input", "inputs": {"name": "n"}}
    await client.ask(UPDATE, id=flow, d={**LISTENING, "nodes": [*LISTENING["nodes"], needy]})
    answer = await hook.post({})
    assert (answer.status_code, answer.json()) == (422, {"error": "The input 'n' is missing."})
    assert await count(connection) == 0
    # What was refused was not taken: it may be sent again.
    await client.ask(UPDATE, id=flow, d=LISTENING)
    assert (await hook.post({})).status_code == 202


async def test_other_methods_and_origins(client: Client, hook: Hook) -> None:
    """A browser's page may ask for what it can sign, which is nothing."""
    url = client.server.at(f"/hooks/{hook.id}")
    assert (await client.http.get(url)).status_code == 405
    assert (await hook.post({}, {**hook.headers(b"{}"), "origin": "https://elsewhere.example"})).status_code == 202


async def test_a_webhook_is_shown_without_its_key(client: Client, flow: str) -> None:
    made = (await client.ask(CREATE, flow=flow))["createWebhook"]
    assert made["webhook"] == {
        **made["webhook"],
        "flowId": flow,
        "eventName": "placed",
        "path": f"/hooks/{made['webhook']['id']}",
    }
    fields = "id ... on Webhook { path eventName }"
    shown = await client.answer(f"query($id: ID!) {{ node(id: $id) {{ {fields} }} }}", id=made["webhook"]["id"])
    assert shown["data"]["node"]["path"] == made["webhook"]["path"]
    assert made["signingKey"] not in json.dumps(shown)


async def test_webhooks_are_listed_newest_first(client: Client, flow: str) -> None:
    ids = [(await client.ask(CREATE, flow=flow))["createWebhook"]["webhook"]["id"] for _ in range(3)]
    listed = (await client.ask(LIST, flow=flow, first=2))["webhooks"]
    assert [edge["node"]["id"] for edge in listed["edges"]] == [ids[2], ids[1]]
    rest = (await client.ask(LIST, flow=flow, after=listed["pageInfo"]["endCursor"]))["webhooks"]
    assert [edge["node"]["id"] for edge in rest["edges"]] == [ids[0]]
    other = await client.create_flow(**LISTENING)
    assert (await client.ask(LIST, flow=other))["webhooks"]["edges"] == []


async def test_an_event_that_the_flow_does_not_listen_for_is_refused(client: Client, flow: str) -> None:
    for event in ("placde", "", "a\0b", "x" * 5000):
        refused = await client.failure(CREATE, flow=flow, event=event)
        assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "eventName")


async def test_a_flow_that_needs_an_input_is_refused(client: Client) -> None:
    needy = {"id": "n", "type": "flow.input", "inputs": {"name": "n"}}
    flow = await client.create_flow(**{**LISTENING, "nodes": [*LISTENING["nodes"], needy]})
    refused = await client.failure(CREATE, flow=flow)
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "flowId")


async def test_nobody_has_more_webhooks_than_the_limit(
    client: Client, flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_OF_OWNER", 1)
    await client.ask(CREATE, flow=flow)
    assert (await client.failure(CREATE, flow=flow))["code"] == "CONFLICT"


async def test_a_signing_key_is_sealed_where_there_are_keys_and_a_server_without_them_says_nothing_of_it(
    database_url: str, redis_url: str, connection: asyncpg.Connection
) -> None:
    answers = []
    for keys in (KEYS, NO_KEYS):
        async with running_server(database_url, redis_url, keys=keys) as server, httpx.AsyncClient() as http:
            client = Client(server, http)
            if keys:
                made = (await client.ask(CREATE, flow=await client.create_flow(**LISTENING)))["createWebhook"]
            hook = Hook(client, made)
            answers.append(await hook.post({"n": 1}))
    plain = base64.b64decode(hook.key.removeprefix("whsec_"))
    assert plain not in await connection.fetchval("select signing_key from webhooks")
    assert [answer.status_code for answer in answers] == [202, 503]
    assert answers[1].json() == {"error": "The webhook cannot take messages at present."}
