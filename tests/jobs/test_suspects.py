"""Executions under suspicion run alone, and what their workers suffer through others does not count against them."""

import os
import signal
from pathlib import Path

import psutil

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import witness
from tests.jobs.losses import MANY, deaths, nobody_is_left, recoveries
from tests.jobs.nodes import Notes


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
    await client.ended(execution, "STOPPED")
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
    await client.ended(waiting, "STOPPED")
    assert len(deaths(notes, "long")) == 10
    gate.touch()
    await client.all_ended([execution for execution in suspects if execution != waiting], within=MANY)
