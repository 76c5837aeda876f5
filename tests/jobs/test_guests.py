"""Node types that others have written, however badly, on a worker that others need too."""

import asyncio
import logging

import orjson
import pytest

from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.guests import BAD, GUESTS, Case

LEASE = 4.0
"""A quarter of it is what a step may take, and the machine may be busy."""

HEALTHY = [
    {"id": "a", "type": "value.number", "inputs": {"value": 1}},
    {"id": "b", "type": "time.sleep", "inputs": {"durationMs": 900}},
    {"id": "c", "type": "math.arithmetic", "inputs": {"operation": "add", "b": 1}},
    {"id": "out", "type": "flow.output", "inputs": {"name": "sum"}},
]
HEALTHY_EDGES = [("a.value", "b.value"), ("b.value", "c.a"), ("c.result", "out.value")]


async def outcome(client: Client, case: Case) -> str:
    """What is wrong with the end of a bad node's execution; empty if nothing is."""
    node = {"id": "bad", "type": case.node_type.type, **({"timeoutMs": case.timeout_ms} if case.timeout_ms else {})}
    execution = await client.run(await client.flow([node], node_types=GUESTS))
    row = await client.ended(execution, "FAILED", within=60)
    error = orjson.loads(row["error"])
    expected = (case.code, "bad", True)
    got = (error["code"], error["nodeId"], case.words in error["message"])
    return "" if got == expected else f"{case.node_type.type}: {error}"


async def test_every_misbehaving_node_fails_by_name_and_healthy_executions_beside_it_complete(
    client: Client, new_worker: NewWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await new_worker(registry=GUESTS, lease=LEASE)
    flow = await client.flow(HEALTHY, HEALTHY_EDGES)
    healthy = [await client.run(flow) for _ in range(5)]
    with caplog.at_level(logging.WARNING):
        wrong = await asyncio.gather(*(outcome(client, case) for case in BAD))
    assert [each for each in wrong if each] == []
    for execution in healthy:
        row = await client.ended(execution, within=60)
        assert row["failure_count"] == 0
    assert worker.task
    assert not worker.task.done()
    assert "guest.forgets_tasks (bad of EX" in caplog.text
    assert "left 3 tasks behind" in caplog.text
    assert "guest.thread_sleeps (bad of EX" in caplog.text
