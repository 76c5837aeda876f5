"""Schedules and webhooks that others than its owner make of a flow: whose they are, and for how long they work."""

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from engine.nodes import BUILT_IN
from jobs.schedules import Schedules
from resolvers.quotas import Quotas
from storage.versions import Versions
from tests.api.callers import caller, wants_tokens
from tests.api.client import Client, Json
from tests.api.server import RunningServer, running_server
from tests.api.test_tenancy import GRANT, REVOKE
from tests.api.test_webhooks import LISTENING

SCHEDULE = """mutation($flow: ID!) { createSchedule(input: {flowId: $flow, cron: "@daily"}) {
    schedule { id ownerId } } }"""
WEBHOOK = (
    'mutation($flow: ID!) { createWebhook(flowId: $flow, eventName: "placed") { webhook { path ownerId } signingKey } }'
)
SEEN = "query($id: ID!) { node(id: $id) { ... on Schedule { lastError lastExecutionId } } }"


@pytest.fixture
def server_options() -> dict[str, Any]:
    return {"policy": wants_tokens()}


async def fire(server: RunningServer, connection: asyncpg.Connection) -> None:
    """Have all schedules be due, and see to them."""
    await connection.execute("update schedules set next_fire_at = clock_timestamp()")
    versions = Versions(server.services.pool, BUILT_IN)
    await Schedules(server.services.pool, versions, lambda *_: None, lambda: None)._turn()


async def send(client: Client, made: Json, message_id: str) -> httpx.Response:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(made["signingKey"]).sign(message_id, now, "{}"),
    }
    return await client.http.post(client.server.at(made["webhook"]["path"]), content=b"{}", headers=headers)


async def test_what_an_operator_makes_runs_until_the_grant_is_taken_back(
    ada: Client, eve: Client, connection: asyncpg.Connection
) -> None:
    flow = await ada.create_flow(**LISTENING)
    await ada.ask(GRANT, flow=flow, user="eve", role="OPERATOR")
    schedule = (await eve.ask(SCHEDULE, flow=flow))["createSchedule"]["schedule"]
    hook = (await eve.ask(WEBHOOK, flow=flow))["createWebhook"]
    assert (schedule["ownerId"], hook["webhook"]["ownerId"]) == ("eve", "eve")
    await fire(ada.server, connection)
    assert (await send(ada, hook, "1")).status_code == 202
    owners = await connection.fetch("select owner_id, flow_owner_id from executions")
    assert [tuple(row) for row in owners] == [("eve", "ada")] * 2
    await ada.ask(REVOKE, flow=flow, user="eve")
    await fire(ada.server, connection)
    shown = (await ada.ask(SEEN, id=schedule["id"]))["node"]
    assert shown["lastError"] == "The owner of the schedule may not run the flow any more."
    assert (await send(ada, hook, "2")).status_code == 404
    assert await connection.fetchval("select count(*) from executions") == 2


async def test_what_an_admin_makes_of_anothers_flow_is_the_flows_owners(
    ada: Client, connection: asyncpg.Connection
) -> None:
    flow = await ada.create_flow(**LISTENING)
    async with caller(ada.server, "boss", roles=["admin"]) as boss:
        schedule = (await boss.ask(SCHEDULE, flow=flow))["createSchedule"]["schedule"]
        hook = (await boss.ask(WEBHOOK, flow=flow))["createWebhook"]
        listed = await boss.ask("{ schedules { edges { node { id } } } }")
    assert (schedule["ownerId"], hook["webhook"]["ownerId"]) == ("ada", "ada")
    assert json.dumps(listed).count(schedule["id"]) == 1
    await fire(ada.server, connection)
    assert (await ada.ask(SEEN, id=schedule["id"]))["node"]["lastExecutionId"] is not None
    assert (await send(ada, hook, "1")).status_code == 202


async def test_a_webhook_that_is_sent_too_much_says_when_to_go_on(
    database_url: str, redis_url: str, connection: asyncpg.Connection
) -> None:
    """What is not signed does not count, so that nobody can use up what another may send."""
    policy = wants_tokens(messages=Quotas(per_second=0.1))
    async with running_server(database_url, redis_url, policy) as server, caller(server, "ada") as ada:
        flow = await ada.create_flow(**LISTENING)
        one, other = [(await ada.ask(WEBHOOK, flow=flow))["createWebhook"] for _ in range(2)]
        forged = {**one, "signingKey": other["signingKey"]}
        assert [(await send(ada, forged, "1")).status_code for _ in range(2)] == [401, 401]
        assert (await send(ada, one, "1")).status_code == 202
        refused = await send(ada, one, "2")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert (await send(ada, other, "1")).status_code == 202
    assert await connection.fetchval("select count(*) from executions") == 2
