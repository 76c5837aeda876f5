"""A planted secret is used, and shows nowhere: not in events, values, errors, tables, Valkey or logs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from jobs.worker import Worker, WorkerSettings
from storage.keyring import NO_KEYS, KeyRing
from tests.api.callers import caller, wants_tokens
from tests.api.canary import CANARY, REGISTRY, all_of_valkey, all_rows, forms, found_in
from tests.api.client import Client, Json, opened_socket
from tests.api.server import RunningServer, running_server
from tests.engine.nodes.http_server import Received, Server, answer, serving
from tests.keys import KEYS, NEW_ONLY

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


Journey = Callable[[], Awaitable[dict[str, str]]]


@pytest.fixture
def journey(
    client: Client,
    worker: None,
    echoing: Server,
    connection: asyncpg.Connection,
    redis_url: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Journey:
    """Stores the secret and runs the flow; gives all that is shown or kept, by where."""

    async def travel() -> dict[str, str]:
        caplog.set_level(logging.DEBUG)
        put = await client.ask(PUT, n="bird", v=CANARY)
        execution, events = await run(client, await client.create_flow(**using(echoing.url)))
        assert {request.headers["x-key"] for request in echoing.received} == {CANARY}
        return {
            "answer": json.dumps(put),
            "execution": json.dumps(execution),
            "events": json.dumps(events),
            "tables": await all_rows(connection),
            "Valkey": await all_of_valkey(redis_url),
            "log": "\n".join([caplog.text, *(str(record.__dict__) for record in caplog.records), *capfd.readouterr()]),
        }

    return travel


async def test_a_planted_secret_is_used_and_shows_nowhere(journey: Journey) -> None:
    shown = await journey()
    assert {place: found_in(text) for place, text in shown.items() if found_in(text)} == {}
    execution, events = json.loads(shown["execution"]), json.loads(shown["events"])
    assert execution["status"] == "COMPLETED", execution
    assert MARK in json.dumps(execution["outputs"]["echo"])
    assert execution["outputs"]["told"][0] == MARK
    assert execution["outputs"]["badly"].endswith("was answered with status 500.")
    assert execution["outputs"]["failed"].startswith(f"ValueError: {MARK}")
    assert sum(event["type"] == "NODE_DEBUG_LOG_STRING" and MARK in str(event["data"]) for event in events) >= 10
    assert REFERENCE in [event["data"].get("inputs", {}).get("token") for event in events]


async def test_the_search_finds_a_secret_that_is_not_taken_out(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.secret_use.replacements", lambda name, secret: [])
    shown = await journey()
    assert {place for place, text in shown.items() if found_in(text)} >= {"execution", "events", "tables"}
    assert len(found_in(shown["tables"])) == 5


async def failure(client: Client, token: Json = REFERENCE, **nodes: Json) -> Json:
    """Run a flow of one node that uses a secret; the error of the execution, if it has one."""
    flow = await client.create_flow(nodes=[{"id": "n", "type": "test.careless", "inputs": {"token": token}}], edges=[])
    return (await run(client, flow, inputs={}))[0]["error"]


async def test_a_secret_that_is_changed_or_deleted_is_so_for_nodes(
    client: Client, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.secret_finding.KEPT_SECONDS", 0.0)
    missing = await failure(client)
    assert (missing["code"], missing["nodeId"], "'bird'" in missing["message"]) == ("INPUT", "n", True)
    await client.ask(PUT, n="bird", v=CANARY)
    assert await failure(client) is None
    await client.ask(DELETE, n="bird")
    assert (await failure(client))["code"] == "INPUT"


async def test_who_runs_somebody_elses_flow_uses_secrets_of_ones_own(
    client: Client, server: RunningServer, worker: None, echoing: Server
) -> None:
    flow = await client.create_flow(**using(echoing.url))
    await client.ask(PUT, n="bird", v=CANARY)
    await client.ask(GRANT, flow=flow, user="eve")
    async with caller(server, "eve") as eve:
        execution, _ = await run(eve, flow)
        assert execution["error"]["message"] == "There is no secret 'bird'; putSecret stores one."
        assert echoing.received == []
        await eve.ask(PUT, n="bird", v="of-eve-herself")
        execution, _ = await run(eve, flow)
    assert {request.headers["x-key"] for request in echoing.received} == {"of-eve-herself"}


@pytest.mark.parametrize(
    ("keys", "told"),
    [(NO_KEYS, "TIDEGATE_SECRET_KEYS is not set"), (NEW_ONLY, "key 'old', which TIDEGATE_SECRET_KEYS")],
)
async def test_a_worker_without_the_key_says_which_setting_lacks_it(
    client: Client, database_url: str, redis_url: str, echoing: Server, keys: KeyRing, told: str
) -> None:
    await client.ask(PUT, n="bird", v=CANARY)
    async with working(database_url, redis_url, echoing, keys):
        error = await failure(client)
    assert error["code"] == "NODE"
    assert told in error["message"]


async def test_a_changed_row_gives_an_error_and_never_another_secret(
    client: Client, worker: None, connection: asyncpg.Connection
) -> None:
    await client.ask(PUT, n="bird", v=CANARY)
    await client.ask(PUT, n="other", v="another secret")
    await connection.execute(
        "update secrets set sealed = (select sealed from secrets where name = 'other') where name = 'bird'"
    )
    error = await failure(client)
    assert (error["code"], "was changed" in error["message"]) == ("NODE", True)


async def test_a_reference_that_travels_reaches_only_ports_for_secrets(
    client: Client, worker: None, echoing: Server
) -> None:
    await client.ask(PUT, n="bird", v=CANARY)
    given = {"id": "given", "type": "flow.input", "inputs": {"name": "token"}}
    request = {"id": "n", "type": "http.request", "inputs": {"url": echoing.url}}
    flow = await client.create_flow(nodes=[given, request], edges=[{"from": "given.value", "to": "n.headers"}])
    execution, events = await run(client, flow, inputs={"token": {"X-Key": REFERENCE}})
    assert execution["error"] == {
        "code": "INPUT",
        "message": "Input 'headers': A reference to a secret fits inputs of kind secret; this one is of kind object.",
        "nodeId": "n",
    }
    assert "EDGE_TRANSFER_FAILED" in [event["type"] for event in events]
    assert echoing.received == []


async def test_a_port_value_may_be_a_reference_only_where_one_fits(client: Client) -> None:
    nodes = [{"id": "n", "type": "http.request", "inputs": {"url": "http://a.example"}}]
    flow = await client.create_flow(nodes=nodes, edges=[])
    create = "mutation($i: CreateExecutionInput!) { createExecution(input: $i) { execution { id } } }"

    def given(port: str, value: Json) -> Json:
        return {"flowId": flow, "portValues": [{"nodeId": "n", "port": port, "value": value}]}

    for port, value in (("bearer", REFERENCE), ("headers", {"X-Key": REFERENCE})):
        assert await client.ask(create, i=given(port, value))
    for port, value in (("url", REFERENCE), ("body", [REFERENCE]), ("bearer", "text"), ("headers", REFERENCE)):
        refused = await client.failure(create, i=given(port, value))
        assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "input.portValues.0.value")
