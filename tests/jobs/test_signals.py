"""Signals: each wakes one wait, early ones are kept, waits hold no worker and have a deadline."""

from typing import Any

import orjson
import pytest

from engine.errors import InvalidState
from engine.status import ExecutionCommand
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker

SIGNAL = ExecutionCommand.SIGNAL

APPROVAL = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}


def wait(id: str, name: str = "approve", **inputs: Any) -> dict[str, Any]:
    """A node that waits for a signal."""
    return {"id": id, "type": "signal.wait", "inputs": {"name": name, **inputs}}


OUTPUT = {"id": "out", "type": "flow.output", "inputs": {"name": "got"}}


async def waiting(client: Client, *nodes: dict[str, Any], edges: list[tuple[str, str]] | None = None) -> str:
    """Start a flow, and wait until its first node waits; gives the execution's id."""
    execution = await client.run(await client.flow(list(nodes), edges))
    await client.saw(execution, "NODE_WAITING", nodeId=nodes[0]["id"], signalName=nodes[0]["inputs"]["name"])
    return execution


async def send(client: Client, execution: str, payload: Any, name: str = "approve") -> None:
    await client.send(execution, SIGNAL, {"name": name, "payload": payload})


async def parked(client: Client, execution: str) -> None:
    """Wait until no worker holds an execution."""

    async def free() -> bool:
        return (await client.row(execution))["token"] is None

    await eventually(free)


async def test_a_signal_ends_the_wait_and_its_payload_goes_on(client: Client, new_worker: NewWorker) -> None:
    worker = await new_worker()
    execution = await waiting(client, wait("w", schema=APPROVAL), OUTPUT, edges=[("w.payload", "out.value")])
    await parked(client, execution)
    await send(client, execution, {"ok": True})
    row = await client.ended(execution)
    assert row["outputs"] == '{"got":{"ok":true}}'
    assert worker.parts.sweeper.rescues == 0


async def test_a_signal_sent_before_the_start_is_not_lost(client: Client, new_worker: NewWorker) -> None:
    flow = await client.flow([wait("w"), OUTPUT], [("w.payload", "out.value")])
    execution = await client.create(flow)
    await send(client, execution, [1, 1e16])
    await client.start(execution)
    await new_worker()
    row = await client.ended(execution)
    assert orjson.loads(row["outputs"]) == {"got": [1, 1e16]}
    kinds = await client.kinds(execution)
    assert kinds.index("SIGNAL_RECEIVED") < kinds.index("FLOW_STARTED") < kinds.index("NODE_WAITING")


async def test_each_signal_wakes_one_wait_the_oldest_first(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    execution = await waiting(client, wait("a"), wait("b"))
    await client.saw(execution, "NODE_WAITING", nodeId="b")
    await send(client, execution, "first")
    await client.saw(execution, "NODE_COMPLETED", nodeId="a", outputs={"payload": "first"})
    assert "b" not in [data["nodeId"] for kind, data in await client.events(execution) if kind == "NODE_COMPLETED"]
    await send(client, execution, "second")
    await client.saw(execution, "NODE_COMPLETED", nodeId="b", outputs={"payload": "second"})
    await client.ended(execution)


async def test_a_payload_that_does_not_fit_is_answered_with_the_reason_and_the_wait_goes_on(
    client: Client, new_worker: NewWorker
) -> None:
    await new_worker()
    execution = await waiting(client, wait("w", schema=APPROVAL))
    await send(client, execution, {"ok": "yes"})
    refused = await client.saw(execution, "SIGNAL_RECEIVED", accepted=False)
    assert "$.ok" in refused["reason"]
    await send(client, execution, {"ok": False})
    await client.ended(execution)


async def test_a_wait_outlives_every_worker(client: Client, new_process: NewProcess) -> None:
    worker = await new_process()
    execution = await waiting(client, wait("w"))
    worker.kill()
    await send(client, execution, "at last")
    await new_process()
    await client.ended(execution)
    assert (await client.kinds(execution)).count("NODE_STARTED") == 1


async def test_a_wait_that_nobody_ends_fails_at_its_deadline(client: Client, new_worker: NewWorker) -> None:
    worker = await new_worker(warm_seconds=0.05)
    execution = await waiting(client, wait("w", timeoutMs=1200))
    row = await client.ended(execution, "FAILED")
    failed = await client.saw(execution, "NODE_FAILED", nodeId="w")
    assert failed["error"]["code"] == "TIMEOUT"
    assert (row["completed_at"] - row["started_at"]).total_seconds() >= 1.2
    assert worker.parts.sweeper.rescues == 0


async def test_a_large_payload_comes_through_whole_also_when_it_was_kept(
    client: Client, new_process: NewProcess
) -> None:
    large = "x" * 200_000
    nodes = [
        {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 1500}},
        wait("w"),
        {"id": "size", "type": "text.length"},
        OUTPUT,
    ]
    edges = [("nap.__success", "w.__execute"), ("w.payload", "size.text"), ("size.result", "out.value")]
    execution = await client.run(await client.flow(nodes, edges))
    worker = await new_process()
    await client.saw(execution, "NODE_WAITING", nodeId="nap")
    await send(client, execution, large)
    await client.saw(execution, "SIGNAL_RECEIVED", accepted=True)
    worker.kill()
    await new_process()
    row = await client.ended(execution)
    assert row["outputs"] == '{"got":200000}'


async def test_an_ended_execution_takes_no_signal(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    execution = await waiting(client, wait("w"))
    await send(client, execution, 1)
    await client.ended(execution)
    with pytest.raises(InvalidState, match="Cannot send a signal to an execution in status COMPLETED"):
        await send(client, execution, 2)
