"""Traces of OpenTelemetry, from the request that creates an execution to its nodes, across processes."""

import asyncio
import signal
from asyncio.subprocess import Process
from typing import Any

import asyncpg
import httpx
import pytest

from tests.eventually import eventually
from tests.ports import free_port
from tests.tidegate.collector import Collector, Span, collecting
from tests.tidegate.processes import COMMAND, ROOT, environment

WITHIN = 60.0
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
HEADERS = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
CANARY = "canary-in-a-trace"
DOCUMENT = {
    "tidegate": 1,
    "name": "Traced",
    "nodes": [
        {"id": "given", "type": "flow.input", "inputs": {"name": "given", "schema": {"type": "string"}}},
        {"id": "parsed", "type": "json.parse"},
        {"id": "emitted", "type": "event.emit", "inputs": {"eventName": "found"}},
        {"id": "heard", "type": "event.listen", "inputs": {"eventName": "found"}},
        {"id": "told", "type": "debug.log", "inputs": {"message": CANARY}},
    ],
    "edges": [
        {"from": "given.value", "to": "parsed.text"},
        {"from": "parsed.__error", "to": "emitted.payload"},
        {"from": "heard.payload", "to": "told.value"},
    ],
}
CREATE_FLOW = "mutation($d: JSON!) { createFlow(input: {document: $d}) { flow { id } } }"
CREATE = """mutation($flow: ID!, $inputs: JSON!) {
  createExecution(input: {flowId: $flow, inputs: $inputs}) { execution { id } }
}"""
START = "mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }"


async def started(url: str, **variables: str) -> tuple[Process, Process]:
    """An API on the port of a URL, and a worker."""
    port = url.rsplit(":", 1)[1]
    commands = ("serve", "--port", port), ("worker",)
    api, worker = [
        await asyncio.create_subprocess_exec(*COMMAND, *arguments, cwd=ROOT, env=environment(**variables))
        for arguments in commands
    ]
    return api, worker


async def ask(http: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    answer = (await http.post("/graphql", json={"query": query, "variables": variables}, headers=HEADERS)).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def run_traced(collector: Collector, connection: asyncpg.Connection, **variables: str) -> str:
    """Run the flow with processes that trace, and end them; gives the root execution."""
    url = f"http://127.0.0.1:{free_port()}"
    processes = await started(url, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **variables)
    try:
        async with httpx.AsyncClient(base_url=url) as http:

            async def is_ready() -> bool:
                try:
                    return (await http.get("/readyz")).json()["status"] == "ready"
                except httpx.TransportError:
                    return False

            await eventually(is_ready, within=WITHIN)
            flow = (await ask(http, CREATE_FLOW, d=DOCUMENT))["createFlow"]["flow"]["id"]
            made = await ask(http, CREATE, flow=flow, inputs={"given": CANARY})
            execution = str(made["createExecution"]["execution"]["id"])
            await ask(http, START, id=execution)
        ended = "select count(*) = 2 from executions where completed_at is not null"
        await eventually(lambda: connection.fetchval(ended), within=WITHIN)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        codes = [await asyncio.wait_for(process.wait(), WITHIN) for process in processes]
    assert codes == [0, 0]
    return execution


@pytest.fixture
async def connection(database_url: str) -> Any:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


def one(spans: list[Span]) -> Span:
    [span] = spans
    return span


async def test_a_trace_hangs_together_from_the_mutation_to_the_nodes_of_children(
    connection: asyncpg.Connection, database_url: str, redis_url: str
) -> None:
    with collecting() as collector:
        execution = await run_traced(collector, connection, DATABASE_URL=database_url, REDIS_URL=redis_url)

    create = one(collector.named("create execution"))
    requests = {span.id: span for span in collector.named("HTTP /graphql")}
    assert requests[create.parent_id].parent_id == CALLER
    assert {span.trace_id for span in collector.spans} == {TRACE}

    runs = collector.named("run execution")
    own = next(run for run in runs if run.attributes["tidegate.execution_id"] == execution)
    assert (own.service, own.parent_id) == ("tidegate-worker", create.id)

    nodes = {span.attributes["tidegate.node_id"]: span for span in collector.spans if span.name.startswith("node ")}
    assert set(nodes) == {"given", "parsed", "emitted", "heard", "told"}
    assert nodes["parsed"].is_error
    assert nodes["parsed"].message
    assert not nodes["emitted"].is_error
    assert nodes["emitted"].attributes["tidegate.attempt"] == 1

    spawn = one(collector.named("spawn"))
    child = next(run for run in runs if run.attributes["tidegate.execution_id"] != execution)
    assert spawn.attributes["tidegate.node_id"] == "emitted"
    assert child.parent_id == spawn.id
    assert nodes["told"].parent_id in {run.id for run in runs if run.parent_id == spawn.id}

    sent = one(collector.named("send START"))
    linked = one([span for span in collector.named("apply START") if span.links])
    assert (linked.links, linked.parent_id) == ((sent.id,), own.id)
    assert collector.named("append")
    assert collector.named("claim")
    ids = {span.id for span in collector.spans} | {CALLER}
    assert all(span.parent_id in ids for span in collector.spans)
    assert not any(CANARY.encode() in body for body in collector.bodies)
