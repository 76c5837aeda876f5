"""GraphQL over server-sent events, one connection for each operation."""

import asyncio
import json
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.api.client import Client, Json
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append, completed, started
from tests.api.server import RunningServer
from tests.api.streaming import EVENTS, EventStream, Sent, indices, posted

ASK = "{ viewer { id } }"
VIEWER = {"data": {"viewer": {"id": "local"}}}
WATCH = """subscription($id: ID!, $size: Int! = 100) {
  executionEvents(executionId: $id, batchSize: $size) { nextIndex events { index type } }
}"""
COMPLETE = Sent("complete", "")


@pytest.fixture
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.at("/"), headers={"accept": EVENTS}) as opened:
        yield opened


@pytest.fixture
async def execution(client: Client) -> str:
    return await client.create_execution(await client.create_flow())


async def test_a_subscription_is_a_stream_of_next_events_and_one_complete(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    async with posted(client.server, EVENTS, WATCH, id=execution) as response:
        stream = EventStream(response)
        first = await stream.next()
        assert first.name == "next"
        assert indices([first.json]) == [-1]
        await append(connection, execution, FLOW_STARTED, started(), completed(), FLOW_COMPLETED)
        *rest, last = await stream.to_the_end()
        assert {sent.name for sent in rest} == {"next"}
        assert indices([sent.json for sent in rest]) == [0, 1, 2, 3]
        assert last == COMPLETE


async def test_nothing_between_may_hold_the_stream_back(client: Client, execution: str) -> None:
    async with posted(client.server, EVENTS, WATCH, id=execution) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"


async def test_a_subscription_can_be_asked_for_by_get(
    client: Client, execution: str, connection: asyncpg.Connection, http: httpx.AsyncClient
) -> None:
    await append(connection, execution, FLOW_STARTED, FLOW_COMPLETED)
    asked = {"query": WATCH, "variables": json.dumps({"id": execution, "size": 2})}
    async with http.stream("GET", "/graphql", params=asked) as response:
        *results, last = await EventStream(response).to_the_end()
    assert [indices([sent.json]) for sent in results] == [[-1, 0], [1]]
    assert last == COMPLETE


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_query_gives_one_result_and_completes(http: httpx.AsyncClient, method: str) -> None:
    asked: Json = {"params": {"query": ASK}} if method == "GET" else {"json": {"query": ASK}}
    async with http.stream(method, "/graphql", **asked) as response:
        result, last = await EventStream(response).to_the_end()
    assert (result.name, result.json, last) == ("next", VIEWER, COMPLETE)


async def test_a_mutation_gives_one_result_and_completes(client: Client) -> None:
    flow = await client.create_flow()
    delete = "mutation($id: ID!) { deleteFlow(id: $id) { deletedId } }"
    async with posted(client.server, EVENTS, delete, id=flow) as response:
        result, last = await EventStream(response).to_the_end()
    assert (result.json, last) == ({"data": {"deleteFlow": {"deletedId": flow}}}, COMPLETE)


async def test_a_mutation_by_get_is_not_allowed_and_changes_nothing(client: Client, http: httpx.AsyncClient) -> None:
    flow = await client.create_flow()
    delete = f'{{ deleteFlow(id: "{flow}") {{ deletedId }} }}'
    for query, name in ((f"mutation {delete}", ""), (f"query Ask {ASK} mutation Delete {delete}", "Delete")):
        response = await http.get("/graphql", params={"query": query, "operationName": name})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert (await client.ask("query($id: ID!) { flow(id: $id) { id } }", id=flow))["flow"] == {"id": flow}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer {", "GRAPHQL_PARSE_FAILED"),
        ("{" * 5_000, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (WATCH, "BAD_USER_INPUT"),
        ('subscription { executionEvents(executionId: "EX0000000000000000") { nextIndex } }', "NOT_FOUND"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_cannot_be_executed_is_told_by_a_next_event(
    http: httpx.AsyncClient, method: str, query: str, code: str
) -> None:
    asked: Json = {"params": {"query": query}} if method == "GET" else {"json": {"query": query}}
    async with http.stream(method, "/graphql", **asked) as response:
        assert response.status_code == 200
        result, last = await EventStream(response).to_the_end()
    assert list(result.json) == ["errors"]
    assert result.json["errors"][0]["extensions"]["code"] == code
    assert last == COMPLETE


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"json": [{"query": ASK}]}, 400),
        ({"json": {"query": 7}}, 400),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
    ],
)
async def test_what_is_no_graphql_request_is_refused_by_its_status(
    http: httpx.AsyncClient, asked: Json, status: int
) -> None:
    response = await http.post("/graphql", **asked)
    assert (response.status_code, list(response.json())) == (status, ["errors"])


async def test_a_silent_stream_shows_that_it_lives_by_comments(
    client: Client, execution: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.server_sent_events.BEAT_SECONDS", 0.02)
    async with posted(client.server, EVENTS, WATCH, id=execution) as response:
        stream = EventStream(response)
        assert (await stream.next()).name == "next"
        assert [await stream.next(comments=True) for _ in range(3)] == [Sent(":", "")] * 3
        await append(connection, execution, FLOW_STARTED, FLOW_COMPLETED)
        assert (await stream.to_the_end())[-1] == COMPLETE


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/json, text/event-stream", "application/json; charset=utf-8"),
        ("application/json;q=0.5, text/event-stream", "text/event-stream; charset=utf-8"),
        ("*/*;q=0.1, text/event-stream", "text/event-stream; charset=utf-8"),
        ("text/event-stream;q=0, */*", "application/json; charset=utf-8"),
        ("text/event-stream2", "application/json; charset=utf-8"),
        (
            "application/graphql-response+json, text/event-stream;q=0.9",
            "application/graphql-response+json; charset=utf-8",
        ),
    ],
)
async def test_a_query_is_streamed_only_if_that_is_wanted_more_than_json(
    http: httpx.AsyncClient, accept: str, answered: str
) -> None:
    response = await http.post("/graphql", json={"query": ASK}, headers={"accept": accept})
    assert response.headers["content-type"] == answered


async def test_results_of_streams_side_by_side_do_not_mix(client: Client, connection: asyncpg.Connection) -> None:
    flow = await client.create_flow()
    executions = [await client.create_execution(flow) for _ in range(5)]

    async def seen(execution: str) -> list[int]:
        async with posted(client.server, EVENTS, WATCH, id=execution) as response:
            return indices([sent.json for sent in (await EventStream(response).to_the_end())[:-1]])

    async with asyncio.TaskGroup() as tasks:
        streams = [tasks.create_task(seen(execution)) for execution in executions]
        for number, execution in enumerate(executions):
            await append(connection, execution, FLOW_STARTED, *[started()] * number, FLOW_COMPLETED)
    assert [stream.result() for stream in streams] == [list(range(-1, number + 2)) for number in range(5)]
