"""Executions that take their worker's process down: they end alone, and nobody else for what they do (rule 11)."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.nodes import Notes

ALONE = re.compile(r"(\S+) runs alone as process (\d+)")
MANY = 60.0
"""Seconds: every loss of a worker takes a lease, and every process a start."""


def deadly(id: str, notes: Notes, type: str = "test.deadly", **inputs: Any) -> dict[str, Any]:
    """A node that takes its process down."""
    return {"id": id, "type": type, "inputs": {"notes": str(notes.path), **inputs}}


def deaths(notes: Notes, node: str) -> list[int]:
    """The processes in which a node began, in order."""
    return [int(line[2]) for line in notes.read("began") if line[0].endswith(f":{node}")]


async def nobody_is_left(client: Client) -> None:
    """Wait until every process that ran an execution alone has signed off."""
    left = "select count(*) from workers where id like '%-alone-%'"

    async def is_empty() -> bool:
        return bool(await client.pool.fetchval(left) == 0)

    await eventually(is_empty)


async def recoveries(client: Client, execution: str) -> list[tuple[int, bool]]:
    """What each recovery has counted, and whether it came of a process that ran nothing else."""
    events = await client.events(execution)
    return [(data["failureCount"], data["alone"]) for kind, data in events if kind == "EXECUTION_RECOVERED"]


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


# --- what does not count ----------------------------------------------------------------------------------------------


async def lone_process(notes: Notes, node: str, times: int, hosts: list[int]) -> psutil.Process:
    """Wait until the node has begun so often, at last in a process of its own."""

    def last() -> int | None:
        pids = deaths(notes, node)
        return pids[-1] if len(pids) == times and pids[-1] not in hosts else None

    found = await eventually(last, within=MANY)
    assert found
    return psutil.Process(found)


async def test_healthy_workers_killed_again_and_again_fail_nothing_also_together_with_the_process_alone(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    execution = await client.run(await client.flow([witness("long", notes, gate)]))
    for times in range(1, 5):
        host = await new_process()
        await eventually(lambda times=times: len(deaths(notes, "long")) == times, within=MANY)  # type: ignore[misc]
        host.freeze()
        if deaths(notes, "long")[-1] != host.pid:
            os.kill(deaths(notes, "long")[-1], signal.SIGKILL)
        host.kill()
        await host.exit_code()
    last = await new_worker()
    gate.touch()
    row = await client.ended(execution, within=MANY)
    assert row["failure_count"] == 4
    assert len(set(deaths(notes, "long")[2:])) == 3, "it was not alone"
    assert all(not alone for _, alone in await recoveries(client, execution))
    await eventually(lambda: last.parts.claimer.held == 0)


async def suspect(client: Client, new_process: NewProcess, notes: Notes, gate: Path) -> str:
    """An execution with a long node that has lost two workers."""
    execution = await client.run(await client.flow([witness("long", notes, gate)]))
    for times in (1, 2):
        worker = await new_process()
        await eventually(lambda times=times: len(deaths(notes, "long")) == times, within=MANY)  # type: ignore[misc]
        worker.kill()
        await worker.exit_code()
    return execution


async def test_a_rolling_restart_counts_nothing_also_for_what_runs_alone(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    execution = await suspect(client, new_process, notes, gate)
    for times in (3, 4):
        host = await new_process()
        alone = await lone_process(notes, "long", times, [host.pid])
        host.terminate()
        assert await host.exit_code() == 0
        assert not alone.is_running()
    await new_worker()
    gate.touch()
    row = await client.ended(execution, within=MANY)
    assert row["failure_count"] == 2
    await nobody_is_left(client)


async def test_the_process_alone_ends_when_its_host_is_killed_and_gives_its_execution_back(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    execution = await suspect(client, new_process, notes, gate)
    host = await new_process()
    alone = await lone_process(notes, "long", 3, [host.pid])
    host.kill()
    await eventually(lambda: not alone.is_running())
    assert notes.nodes("cancelled") == ["long"]
    await new_worker()
    gate.touch()
    assert (await client.ended(execution, within=MANY))["failure_count"] == 2


async def test_a_stop_ends_what_runs_alone_within_a_second(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    execution = await suspect(client, new_process, notes, gate)
    host = await new_worker()
    alone = await lone_process(notes, "long", 3, [os.getpid()])
    await client.stop(execution)
    await client.ended(execution, "STOPPED", within=1.0)
    assert notes.nodes("cancelled") == ["long"]
    await eventually(lambda: not alone.is_running())
    await eventually(lambda: host.parts.claimer.held == 0)


async def test_a_process_alone_that_stands_still_for_its_lease_is_replaced_and_writes_nothing_late(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    execution = await suspect(client, new_process, notes, gate)
    host = await new_worker()
    zombie = await lone_process(notes, "long", 3, [os.getpid()])
    zombie.suspend()
    heir = await lone_process(notes, "long", 4, [os.getpid(), zombie.pid])
    gate.touch()
    await client.ended(execution, within=MANY)
    (completed,) = [data for kind, data in await client.events(execution) if kind == "NODE_COMPLETED"]
    assert completed["attempt"] == 4
    zombie.resume()
    await eventually(lambda: not zombie.is_running() and not heir.is_running())
    await eventually(lambda: host.parts.claimer.held == 0)
    assert await recoveries(client, execution) == [(1, False), (2, False), (3, False)]


async def test_suspects_wait_their_turn_and_hold_up_nobody_nor_their_own_stop(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    flow = await client.flow([witness("long", notes, gate)])
    suspects = [await client.run(flow) for _ in range(4)]
    for times in (4, 8):
        worker = await new_process()
        await eventually(lambda times=times: len(deaths(notes, "long")) == times, within=MANY)  # type: ignore[misc]
        worker.kill()
        await worker.exit_code()
    await new_worker(concurrency=3)
    await eventually(lambda: len(deaths(notes, "long")) == 10, within=MANY)
    other = await client.run(await client.flow([witness("other", notes)]))
    await client.ended(other)
    assert deaths(notes, "other") == [os.getpid()]
    running = {line[0].partition(":")[0] for line in notes.read("began")[8:10]}
    waiting, *_ = (execution for execution in suspects if execution not in running)
    await client.stop(waiting)
    await client.ended(waiting, "STOPPED", within=3.0)
    assert len(deaths(notes, "long")) == 10
    gate.touch()
    await client.all_ended([execution for execution in suspects if execution != waiting], within=MANY)
