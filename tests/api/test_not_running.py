"""whyNotRunning over the API: what workers, limits and relatives have to do with it."""

from typing import Any

import asyncpg
import pytest

from jobs.worker import WorkerSettings
from storage.capability import Kind, decline
from storage.claims import Limits
from storage.workers import beat, register
from tests.api.client import Client, Json
from tests.api.flows import APPROVAL, created
from tests.eventually import eventually
from tests.jobs.workers import LocalWorker

# arq closes its connection by a name that redis has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")

WHY = """query($id: ID!, $node: ID) { whyNotRunning(executionId: $id, nodeId: $node) {
  running reasons { code message nodeId port executionId } } }"""
START = "mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }"


async def why(client: Client, execution: str, node: str | None = None) -> tuple[bool, list[str]]:
    told = (await client.ask(WHY, id=execution, node=node))["whyNotRunning"]
    return told["running"], [reason["code"] for reason in told["reasons"]]


async def enter(connection: asyncpg.Connection, worker: str, **settings: Any) -> None:
    """Enter a worker that never takes anything."""
    await register(connection, worker, host="h", pid=1, concurrency=8, **settings)
    await beat(connection, worker)


async def test_what_is_ready_waits_for_a_worker_a_capable_one_a_limit_or_a_place(
    client: Client, connection: asyncpg.Connection
) -> None:
    flow = await client.create_flow()
    execution, other = [await client.create_execution(flow) for _ in range(2)]
    assert await why(client, execution) == (False, ["NOT_STARTED"])
    await client.ask(START, id=execution)
    assert await why(client, execution) == (False, ["NO_WORKER"])
    await enter(connection, "one", limits=Limits(1, None))
    await connection.execute("update workers set beat_at = clock_timestamp() - interval '1 minute'")
    assert await why(client, execution) == (False, ["NO_WORKER"])
    await beat(connection, "one")
    assert await why(client, execution) == (False, ["QUEUED"])
    assert await why(client, execution, "double") == (False, ["QUEUED"])
    await connection.execute("update queue set worker_id = 'one' where execution_id = $1", other)
    assert await why(client, execution) == (False, ["CONCURRENCY_LIMIT"])
    await enter(connection, "two")
    for worker in ("one", "two"):
        await decline(connection, worker, Kind(flow, 1, 1), f"{worker} does not know a type.")
    told = (await client.ask(WHY, id=execution))["whyNotRunning"]["reasons"]
    assert [(each["code"], each["message"]) for each in told] == [
        ("NO_CAPABLE_WORKER", "No worker can run it. One says: one does not know a type."),
    ]


async def test_what_does_not_exist_is_refused(client: Client) -> None:
    assert (await client.failure(WHY, id="EX0000000000000000"))["code"] == "NOT_FOUND"
    execution = await client.create_execution(await client.create_flow())
    assert await client.failure(WHY, id=execution, node="nowhere") == {"code": "BAD_USER_INPUT", "field": "nodeId"}


async def test_a_real_worker_publishes_its_limits_and_what_it_runs_waits_for_is_named(
    client: Client, database_url: str, redis_url: str, connection: asyncpg.Connection
) -> None:
    settings = WorkerSettings(database_url=database_url, redis_url=redis_url, limits=Limits(7, 5), lease=4.0)
    worker = LocalWorker(settings)
    await worker.start()
    try:
        row = await connection.fetchrow("select owner_limit, flow_limit, lease from workers")
        assert tuple(row) == (7, 5, 4.0)
        approval = await client.create_flow(**APPROVAL)
        parent = await created(client, _calling(approval), autoStart=True)

        async def child() -> Json:
            query = "query($id: ID!) { execution(id: $id) { children { edges { node { id } } } } }"
            found = (await client.ask(query, id=parent))["execution"]["children"]["edges"]
            return found and found[0]["node"]["id"]

        called = await eventually(child)

        async def waits() -> bool:
            return await why(client, called) == (False, ["WAITING_FOR_SIGNAL"])

        await eventually(waits)
        told = (await client.ask(WHY, id=parent, node="out"))["whyNotRunning"]["reasons"]
        assert [(each["code"], each["nodeId"], each["executionId"]) for each in told] == [
            ("WAITING_FOR_CHILDREN", "call", called),
            ("WAITING_FOR_PORT", "call", None),
        ]
        await client.ask("mutation($id: ID!) { pauseExecution(executionId: $id) { __typename } }", id=parent)

        async def paused() -> Json:
            reasons = (await client.ask(WHY, id=called))["whyNotRunning"]["reasons"]
            return reasons[0]["code"] == "PAUSED" and reasons[0]

        assert (await eventually(paused))["executionId"] == parent
    finally:
        await worker.stop()


def _calling(flow_id: str) -> Json:
    """A flow that does nothing but wait for another one."""
    return {
        "name": "Caller",
        "nodes": [
            {"id": "call", "type": "flow.call", "inputs": {"flowId": flow_id}},
            {"id": "out", "type": "flow.output", "inputs": {"name": "outputs"}},
        ],
        "edges": [{"from": "call.outputs", "to": "out.value"}],
    }
