"""Executions that take their worker's process down: they end alone, and nobody else for what they do (rule 11)."""

import os
import signal
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.losses import MANY, deaths, nobody_is_left, recoveries
from tests.jobs.nodes import Notes


def deadly(id: str, notes: Notes, type: str = "test.deadly", **inputs: Any) -> dict[str, Any]:
    """A node that takes its process down."""
    return {"id": id, "type": type, "inputs": {"notes": str(notes.path), **inputs}}


async def test_an_execution_that_kills_every_process_fails_after_a_few_and_a_bystander_completes(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    workers = [await new_process() for _ in range(2)]
    bystander = await client.run(await client.flow([witness("long", notes, gate)]))
    await eventually(lambda: notes.nodes("began") == ["long"])
    poison = await client.run(await client.flow([deadly("boom", notes)]))
    for worker in workers:
        assert await worker.exit_code() == -signal.SIGKILL
    survivor = await new_worker()
    row = await client.ended(poison, "FAILED", within=MANY)
    assert orjson.loads(row["error"])["code"] == "CRASH"
    assert "boom" in row["error"]
    assert len(deaths(notes, "boom")) == 4
    assert os.getpid() not in deaths(notes, "boom")
    assert await recoveries(client, poison) == [(1, False), (2, False), (3, True), (4, True)]
    assert (row["failure_count"], row["last_failure_reason"]) == (
        4,
        "The process that ran nothing else died (signal SIGKILL).",
    )
    kinds = await client.kinds(poison)
    assert kinds[-3:] == ["EXECUTION_RECOVERED", "NODE_FAILED", "FLOW_FAILED"]
    assert (await client.saw(poison, "NODE_FAILED"))["error"]["code"] == "CRASH"
    gate.touch()
    await client.ended(bystander, within=MANY)
    assert survivor.task
    assert not survivor.task.done()


async def killed_until_suspect(client: Client, new_process: NewProcess, flow: str, notes: Notes) -> str:
    """An execution whose deadly node has taken two workers down."""
    workers = [await new_process() for _ in range(2)]
    execution = await client.run(flow)
    for worker in workers:
        await worker.exit_code()
    return execution


@pytest.mark.parametrize("way", ["exit", "exit as if all were well"])
async def test_however_a_process_dies_it_counts(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, way: str
) -> None:
    flow = await client.flow([deadly("boom", notes, way=way)])
    execution = await killed_until_suspect(client, new_process, flow, notes)
    await new_worker()
    row = await client.ended(execution, "FAILED", within=MANY)
    assert orjson.loads(row["error"])["code"] == "CRASH"
    assert len(deaths(notes, "boom")) == 4


async def test_a_pure_node_that_kills_before_its_start_is_written_is_found_too(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes
) -> None:
    workers = [await new_process() for _ in range(3)]
    execution = await client.run(await client.flow([deadly("boom", notes, "test.deadly_and_pure")]))
    for worker in workers:
        await worker.exit_code()
    await new_worker()
    row = await client.ended(execution, "FAILED", within=MANY)
    assert '"code":"CRASH"' in row["error"]
    assert len(deaths(notes, "boom")) == 5


async def test_a_node_that_kills_twice_and_then_succeeds_completes_alone(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes
) -> None:
    nodes = [deadly("boom", notes, attempts=2), witness("after", notes)]
    execution = await killed_until_suspect(client, new_process, await client.flow(nodes, in_a_row(nodes)), notes)
    await new_worker()
    row = await client.ended(execution, within=MANY)
    assert row["failure_count"] == 2
    assert os.getpid() not in deaths(notes, "boom") + deaths(notes, "after")
    await nobody_is_left(client)


async def test_what_was_achieved_alone_makes_an_execution_one_like_others(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes
) -> None:
    """It sleeps after its deadly node, so that it is claimed anew by a worker like others."""
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 1000}}
    nodes = [deadly("first", notes, attempts=3), nap, witness("second", notes)]
    execution = await killed_until_suspect(client, new_process, await client.flow(nodes, in_a_row(nodes)), notes)
    await new_worker()
    await client.ended(execution, within=MANY)
    assert len(set(deaths(notes, "first"))) == 4
    assert deaths(notes, "second") == [os.getpid()]


async def test_a_process_that_hangs_alone_ends_and_counts(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes
) -> None:
    workers = [await new_process(lease=3.0) for _ in range(2)]
    execution = await client.run(await client.flow([deadly("stuck", notes, way="hang")]))
    await eventually(lambda: sorted(deaths(notes, "stuck")) == sorted(worker.pid for worker in workers))
    await new_worker(lease=3.0)
    row = await client.ended(execution, "FAILED", within=MANY)
    assert '"code":"CRASH"' in row["error"]
    assert row["last_failure_reason"] == "The process that ran nothing else died (exit code 1)."
    assert len(deaths(notes, "stuck")) == 4


@pytest.mark.parametrize("way", ["hang outside of Python", "hang and let no thread run"])
async def test_a_worker_whose_loop_stands_still_for_good_says_where_and_ends(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, way: str
) -> None:
    stuck = await new_process(still_seconds=2.0)
    execution = await client.run(await client.flow([deadly("stuck", notes, way=way, attempts=1)]))
    assert await stuck.exit_code() == 1
    assert "Timeout" in stuck.log
    assert "in _hang_in_native_code" in stuck.log
    await new_worker()
    row = await client.ended(execution, within=MANY)
    assert row["failure_count"] == 1


async def test_a_worker_whose_loop_turns_is_not_ended(client: Client, new_process: NewProcess) -> None:
    worker = await new_process(still_seconds=0.5)
    await eventually(lambda: client.pool.fetchval("select beat > 6 from workers where id = $1", worker.id))
    worker.terminate()
    assert await worker.exit_code() == 0
