"""What the API tells Prometheus: its own figures and those of the whole service."""

import re

import asyncpg
import httpx
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from storage.figures import read_figures
from storage.queries import load
from tests.api.client import Client, opened_socket
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append
from tests.api.server import RunningServer
from tests.eventually import eventually

WATCH = "subscription($id: ID!) { executionEvents(executionId: $id, batchTimeoutMs: 0) { nextIndex } }"
CANARY = "canary-of-a-tenant"


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def page(server: RunningServer) -> str:
    async with httpx.AsyncClient() as http:
        answer = await http.get(server.at("/metrics"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


async def test_the_page_can_be_parsed_and_every_metric_has_a_help_text(server: RunningServer) -> None:
    own = [each for each in text_string_to_metric_families(await page(server)) if each.name.startswith("tidegate_")]
    assert len(own) > 20
    assert all(each.documentation for each in own)


async def test_the_figures_of_the_service_are_read_from_the_database(client: Client) -> None:
    flow = await client.create_flow()
    for _ in range(3):
        await client.create_execution(flow)
    text = await page(client.server)
    assert "tidegate_database_up 1.0" in text
    assert "tidegate_queue_ready 3.0" in text
    assert 'tidegate_executions{status="created"} 3.0' in text
    assert 'tidegate_executions{status="running"} 0.0' in text
    assert "tidegate_workers 0.0" in text


async def test_executions_of_a_large_table_are_estimated(client: Client, connection: asyncpg.Connection) -> None:
    flow = await client.create_flow()
    for _ in range(4):
        await client.create_execution(flow)
    assert (await read_figures(connection, counted_bytes=0)).executions == {}
    await connection.execute("analyze executions")
    assert (await read_figures(connection, counted_bytes=0)).executions == {"CREATED": 4.0}
    query = load("figures")["executions_by_status"].replace("$1", "0")
    plan = "\n".join(row[0] for row in await connection.fetch(f"explain (analyze, costs off) {query}"))
    assert re.search(r"Seq Scan on executions \(never executed\)|One-Time Filter", plan), plan
    assert "never executed" in plan


async def test_a_database_that_fails_leaves_the_figures_out_and_the_page_stays(
    server: RunningServer, connection: asyncpg.Connection
) -> None:
    await connection.execute("alter table timers rename to gone")
    text = await page(server)
    assert "tidegate_database_up 0.0" in text
    assert "\ntidegate_queue_ready " not in text


async def test_operations_are_counted_by_type_and_outcome(client: Client) -> None:
    before = {
        labels: figure("tidegate_operations_total", type=labels[0], outcome=labels[1])
        for labels in (("query", "ok"), ("query", "NOT_FOUND"), ("mutation", "ok"), ("unknown", "GRAPHQL_PARSE_FAILED"))
    }
    await client.create_flow()
    async with httpx.AsyncClient() as http:
        for query in ("{ viewer { id } }", '{ flow(id: "FL0") { id } }', "{"):
            await http.post(client.server.url, json={"query": query})
    assert all(figure("tidegate_operations_total", type=t, outcome=o) == n + 1 for (t, o), n in before.items())


async def test_a_client_cannot_make_up_labels(server: RunningServer) -> None:
    async with httpx.AsyncClient() as http:
        await http.request("PROPFIND", server.url)
    assert "PROPFIND" not in await page(server)
    assert figure("tidegate_http_responses_total", method="other", status="405") >= 1


async def test_subscribers_sockets_and_the_delay_of_live_events_are_measured(
    client: Client, connection: asyncpg.Connection
) -> None:
    execution = await client.create_execution(await client.create_flow())
    before = figure("tidegate_delivery_seconds_count")
    gone = figure("tidegate_operations_total", type="subscription", outcome="ok")
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        assert figure("tidegate_subscribers", transport="websocket") == 1
        assert figure("tidegate_sockets") == 1
        await append(connection, execution, FLOW_STARTED)
        await socket.next()
        await append(connection, execution, FLOW_COMPLETED)
        await socket.next()
        await eventually(lambda: figure("tidegate_operations_total", type="subscription", outcome="ok") == gone + 1)
    await eventually(lambda: figure("tidegate_sockets") == 0)
    assert figure("tidegate_subscribers", transport="websocket") == 0
    assert figure("tidegate_delivery_seconds_count") == before + 2


async def test_a_subscriber_that_leaves_is_counted_as_gone(client: Client) -> None:
    execution = await client.create_execution(await client.create_flow())
    before = figure("tidegate_operations_total", type="subscription", outcome="gone")
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
    await eventually(lambda: figure("tidegate_operations_total", type="subscription", outcome="gone") == before + 1)


async def test_nothing_of_a_tenant_is_on_the_page(client: Client, worker: None) -> None:
    node = {"id": "canary", "type": "text.split", "inputs": {"text": CANARY, "separator": "-"}}
    flow = await client.create_flow(name=CANARY, nodes=[node], edges=[])
    before = figure("tidegate_executions_ended_total", status="completed")
    execution = await client.create_execution(flow, inputs={})
    await client.ask("mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }", id=execution)
    await eventually(lambda: figure("tidegate_executions_ended_total", status="completed") > before)
    text = await page(client.server)
    assert not [word for word in ("canary", flow, execution) if word in text]
