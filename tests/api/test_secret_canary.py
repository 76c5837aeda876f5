"""A planted secret is used, and shows nowhere: not in events, values, errors, tables, Valkey or logs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from jobs.worker import Worker, WorkerSettings
from storage.keyring import KeyRing
from tests.api.callers import caller, wants_tokens
from tests.api.canary import CANARY, REGISTRY, all_of_valkey, all_rows, forms, found_in
from tests.api.client import Client, Json, opened_socket
from tests.api.server import RunningServer, running_server
from tests.engine.nodes.http_server import Received, Server, answer, serving
from tests.keys import KEYS

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")

PUT = "mutation($n: String!, $v: String!) { putSecret(name: $n, value: $v) { secret { id name keyId updatedAt } } }"
DELETE = "mutation($n: String!) { deleteSecret(name: $n) { deletedId } }"
GRANT = """mutation($flow: ID!, $user: ID!) {
  grantFlowAccess(flowId: $flow, userId: $user, role: OPERATOR) { flow { id } }
}"""
EVENTS = "subscription($id: ID!) { executionEvents(executionId: $id) { events { type data } } }"
DETAILS = """query($id: ID!) { execution(id: $id) {
  status outputs error { code message nodeId }
  nodeStates(first: 1000) { edges { node { inputs outputs error { message } } } }
} }"""
REFERENCE = {"$secret": "bird"}
MARK = "[secret bird]"


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[RunningServer]:
    async with running_server(database_url, redis_url, wants_tokens(), keys=KEYS, node_types=REGISTRY) as running:
        yield running


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[Client]:
    async with caller(server, "ada") as opened:
        yield opened


@pytest.fixture
async def echoing() -> AsyncIterator[Server]:
    """A server that answers with all that it was sent, as text and as JSON, well or not."""

    def echo(request: Received) -> bytes:
        said = json.dumps([request.headers, forms(request.headers.get("authorization", "").removeprefix("Bearer "))])
        status = 500 if "fail" in request.line else 200
        return answer(status, said.encode(), "Content-Type: application/json", f"X-Said: {request.headers['x-key']}")

    async with serving() as running:
        running.answers.update({"/": echo, "/fail": echo})
        yield running


@asynccontextmanager
async def working(database_url: str, redis_url: str, echoing: Server, keys: KeyRing = KEYS) -> AsyncIterator[None]:
    """A worker that may reach the server, from entry to exit."""
    allow = frozenset({f"127.0.0.1:{echoing.port}"})
    settings = WorkerSettings(database_url=database_url, redis_url=redis_url, http_allow=allow, keys=keys)
    task = asyncio.create_task(Worker(settings, REGISTRY).run())
    yield
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
async def worker(database_url: str, redis_url: str, echoing: Server) -> AsyncIterator[None]:
    async with working(database_url, redis_url, echoing):
        yield


def using(url: str) -> Json:
    """A flow that uses the secret in every way that there is, and shows what came of it."""
    headers = {"X-Key": REFERENCE, "Authorization": ["Bearer ", REFERENCE]}
    nodes = [
        {"id": "given", "type": "flow.input", "inputs": {"name": "token"}},
        {"id": "got", "type": "secret.get", "inputs": {"name": "bird"}},
        {"id": "good", "type": "http.request", "inputs": {"url": f"{url}/", "headers": headers}},
        {"id": "bad", "type": "http.request", "inputs": {"url": f"{url}/fail", "headers": headers}},
        {"id": "teller", "type": "test.careless"},
        {"id": "failing", "type": "test.careless", "inputs": {"token": REFERENCE, "fails": True}},
        {"id": "heard", "type": "event.listen", "inputs": {"eventName": "told"}},
        {"id": "log", "type": "debug.log", "inputs": {"message": "-"}},
        {"id": "echo", "type": "flow.output", "inputs": {"name": "echo"}},
        {"id": "told", "type": "flow.output", "inputs": {"name": "told"}},
        {"id": "badly", "type": "flow.output", "inputs": {"name": "badly"}},
        {"id": "failed", "type": "flow.output", "inputs": {"name": "failed"}},
    ]
    edges = [("given.value", "teller.token"), ("got.secret", "good.__after"), ("good.json", "echo.value")]
    edges += [("teller.texts", "told.value"), ("bad.__errorMessage", "badly.value")]
    edges += [("failing.__errorMessage", "failed.value"), ("heard.payload", "log.value")]
    return {"nodes": nodes, "edges": [{"from": source, "to": target} for source, target in edges]}


async def run(client: Client, flow: str, **given: Json) -> tuple[Json, Json]:
    """Run a flow to its end; the execution, and its events."""
    given = {"inputs": {"token": REFERENCE}, "options": {"recordEvents": "ALL"}, "autoStart": True, **given}
    id = await client.create_execution(flow, **given)
    async with opened_socket(client.server, token=client.token) as socket:
        await socket.subscribe(EVENTS, id=id)
        events = await socket.events_to_the_end()
    return (await client.ask(DETAILS, id=id))["execution"], events


async def test_a_planted_secret_is_used_and_shows_nowhere(
    client: Client,
    worker: None,
    echoing: Server,
    connection: asyncpg.Connection,
    redis_url: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    put = await client.ask(PUT, n="bird", v=CANARY)
    shown = [json.dumps(put)]
    execution, events = await run(client, await client.create_flow(**using(echoing.url)))
    assert execution["status"] == "COMPLETED", execution
    assert {request.headers["x-key"] for request in echoing.received} == {CANARY}
    assert MARK in json.dumps(execution["outputs"]["echo"])
    assert execution["outputs"]["told"][0] == MARK
    assert execution["outputs"]["badly"].endswith("was answered with status 500.")
    assert execution["outputs"]["failed"].startswith(f"ValueError: {MARK}")
    assert sum(event["type"] == "NODE_DEBUG_LOG_STRING" and MARK in str(event["data"]) for event in events) >= 10
    shown += [json.dumps(execution), json.dumps(events), await all_rows(connection), await all_of_valkey(redis_url)]
    shown += [caplog.text, *map(str, (record.__dict__ for record in caplog.records)), *capfd.readouterr()]
    for text in shown:
        assert found_in(text) == []
