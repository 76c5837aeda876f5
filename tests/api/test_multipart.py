"""Subscriptions over multipart HTTP."""

import asyncpg
import httpx
import pytest

from tests.api.client import Client, Json
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append, completed, started
from tests.api.server import RunningServer
from tests.api.streaming import EVENTS, PARTS, Parts, indices, posted

ASK = "{ viewer { id } }"
WATCH = "subscription($id: ID!) { executionEvents(executionId: $id) { nextIndex events { index type } } }"


@pytest.fixture
async def execution(client: Client) -> str:
    return await client.create_execution(await client.create_flow())


async def test_each_result_is_the_payload_of_a_part_that_comes_at_once(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    async with posted(client.server, PARTS, WATCH, id=execution) as response:
        parts = Parts(response)
        first = await parts.next()
        assert list(first) == ["payload"]
        assert indices([first["payload"]]) == [-1]
        await append(connection, execution, FLOW_STARTED, started(), completed(), FLOW_COMPLETED)
        rest = await parts.to_the_end()
        assert indices([part["payload"] for part in rest]) == [0, 1, 2, 3]
        assert parts.rest == b"--\r\n"


@pytest.mark.parametrize(
    "accept",
    [
        "multipart/mixed;subscriptionSpec=1.0",
        'multipart/mixed;subscriptionSpec="1.0", application/json',
        "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json",
        "multipart/mixed;deferSpec=20220824, Multipart/Mixed; subscriptionspec=1.0; q=0.5, application/json;q=0.1",
    ],
)
async def test_the_answer_says_what_it_is(client: Client, execution: str, accept: str) -> None:
    async with posted(client.server, accept, WATCH, id=execution) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"'
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"


async def test_a_silent_stream_shows_that_it_lives_by_empty_objects(
    client: Client, execution: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.multipart.BEAT_SECONDS", 0.02)
    async with posted(client.server, PARTS, WATCH, id=execution) as response:
        parts = Parts(response)
        while "payload" not in await parts.next():
            pass
        assert [await parts.next() for _ in range(3)] == [{}] * 3
        await append(connection, execution, FLOW_STARTED, FLOW_COMPLETED)
        rest = [part for part in await parts.to_the_end() if part]
        assert indices([part["payload"] for part in rest]) == [0, 1]


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (WATCH, {}, "BAD_USER_INPUT"),
        (WATCH, {"id": "EX0000000000000000"}, "NOT_FOUND"),
    ],
)
async def test_what_cannot_be_executed_is_told_in_the_payload(
    server: RunningServer, query: str, variables: Json, code: str
) -> None:
    async with posted(server, PARTS, query, **variables) as response:
        (part,) = await Parts(response).to_the_end()
    assert list(part["payload"]) == ["errors"]
    assert part["payload"]["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (f"{EVENTS}, {PARTS}", "text/event-stream"),
        (f"{EVENTS};q=0.5, {PARTS}", "multipart/mixed"),
        (f"{EVENTS};q=0, {PARTS};q=0.1", "multipart/mixed"),
        (f"application/json, {EVENTS};q=0.2, {PARTS};q=0.1", "text/event-stream"),
    ],
)
async def test_a_subscription_is_streamed_in_the_way_that_is_wanted_most(
    client: Client, execution: str, accept: str, answered: str
) -> None:
    async with posted(client.server, accept, WATCH, id=execution) as response:
        assert response.headers["content-type"].partition(";")[0] == answered


async def test_other_operations_are_answered_with_json(server: RunningServer) -> None:
    async with posted(server, PARTS, ASK) as response:
        assert await response.aread() == b'{"data":{"viewer":{"id":"local"}}}'
        assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_parts_come_by_post_only(client: Client, execution: str) -> None:
    query = f'subscription {{ executionEvents(executionId: "{execution}") {{ nextIndex }} }}'
    async with httpx.AsyncClient() as http:
        response = await http.get(client.server.url, params={"query": query}, headers={"accept": PARTS})
    assert response.status_code == 400
    assert "by POST" in response.json()["errors"][0]["message"]
