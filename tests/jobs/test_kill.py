"""SIGKILL of a worker: another goes on after the last completed node, and no effect is repeated without need."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.nodes import Notes
from tests.pauses import paused


async def test_another_worker_goes_on_after_the_last_completed_node(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    doomed = await new_process()
    nodes = [witness("a", notes), witness("b", notes), witness("c", notes, gate), witness("d", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: notes.nodes("began") == ["a", "b", "c"])
    heir = await new_worker()
    doomed.kill()
    await client.saw(execution, "EXECUTION_RECOVERED")
    gate.touch()
    row = await client.ended(execution)
    recovered = await client.saw(execution, "EXECUTION_RECOVERED")
    assert recovered == {"workerId": heir.id, "previousWorkerId": doomed.id, "failureCount": 1, "alone": False}
    assert (row["failure_count"], row["last_failure_reason"] is None) == (1, False)
    assert notes.nodes("began") == ["a", "b", "c", "c", "d"]
    assert notes.nodes("ended") == ["a", "b", "c", "d"]
    assert len({line[0] for line in notes.read("began")}) == 4
    attempts = [data["attempt"] for kind, data in await client.events(execution) if kind == "NODE_STARTED"]
    assert attempts == [1, 1, 1, 2, 1]


async def test_many_executions_of_a_killed_worker_go_on_and_repeat_no_completed_node(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes
) -> None:
    doomed = await new_process(concurrency=50)
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 30}}
    nodes = [witness("a", notes), nap, witness("b", notes), witness("c", notes)]
    flow = await client.flow(nodes, in_a_row(nodes))
    ids = [await client.run(flow) for _ in range(120)]
    await eventually(lambda: notes.nodes("ended").count("c") >= 30)
    doomed.kill()
    await new_worker(concurrency=50)
    await client.all_ended(ids)
    for execution in ids:
        events = await client.events(execution)
        completed = [data["nodeId"] for kind, data in events if kind == "NODE_COMPLETED"]
        assert completed == ["a", "nap", "b", "c"]
    # An effect begins a second time only where the kill left it without its end in the log.
    repeated = [key for key, times in notes.count("began").items() if times > 1]
    assert max(notes.count("began").values()) <= 2
    assert len(repeated) <= 50
    recovered = await client.pool.fetchval(
        "select count(distinct execution_id) from execution_events where type = 'EXECUTION_RECOVERED'"
    )
    assert recovered >= len({key.partition(":")[0] for key in repeated})


async def test_a_worker_killed_between_an_effect_and_its_commit_repeats_it_once(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, database_url: str
) -> None:
    doomed = await new_process()
    gate = notes.path.with_name("first")
    nodes = [witness("a", notes, gate), witness("b", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: notes.nodes("began") == ["a"])
    async with paused(database_url, "insert", "execution_events") as pause:
        gate.touch()
        await pause.reached()
        doomed.kill()
        await doomed.exit_code()
        assert await client.terminate("tidegate journal") == 1
    await new_worker()
    await client.ended(execution)
    assert notes.nodes("ended") == ["a", "a", "b"]
    assert len(set(notes.count("ended"))) == 2


async def test_a_worker_killed_after_a_commit_that_it_never_heard_of_does_not_repeat_it(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, database_url: str
) -> None:
    """The server goes on with the statement of a client that is gone, and commits."""
    doomed = await new_process()
    gate = notes.path.with_name("first")
    nodes = [witness("a", notes, gate), witness("b", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: notes.nodes("began") == ["a"])
    async with paused(database_url, "insert", "execution_events") as pause:
        gate.touch()
        await pause.reached()
        doomed.kill()
        await doomed.exit_code()
        await pause.end()
    await client.saw(execution, "NODE_COMPLETED", nodeId="a")
    await new_worker()
    await client.ended(execution)
    assert notes.nodes("ended") == ["a", "b"]


async def test_a_worker_killed_in_the_middle_of_a_claim_leaves_nothing_behind(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, database_url: str
) -> None:
    doomed = await new_process()
    flow = await client.flow([witness("a", notes)])
    async with paused(database_url, "update", "queue") as pause:
        execution = await client.run(flow)
        await pause.reached()
        doomed.kill()
        await doomed.exit_code()
        await pause.end()
    heir = await new_worker()
    row = await client.ended(execution)
    assert row["failure_count"] <= 1
    assert notes.nodes("began") == ["a"]
    assert (await client.saw(execution, "FLOW_STARTED"))["workerId"] == heir.id


async def test_an_execution_that_loses_two_workers_counts_two(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    nodes = [witness("a", notes), witness("b", notes, gate)]
    flow = await client.flow(nodes, in_a_row(nodes))
    doomed = await new_process()
    execution = await client.run(flow)
    for losses in (1, 2):
        await eventually(lambda losses=losses: notes.nodes("began").count("b") == losses)  # type: ignore[misc]
        heir = await new_process()
        doomed.kill()
        doomed = heir
    gate.touch()
    row = await client.ended(execution)
    assert row["failure_count"] == 2
    recovered = [data for kind, data in await client.events(execution) if kind == "EXECUTION_RECOVERED"]
    assert [data["failureCount"] for data in recovered] == [1, 2]
    assert all(later["previousWorkerId"] == earlier["workerId"] for earlier, later in pairwise(recovered))
    assert notes.nodes("began").count("a") == 1


@pytest.mark.parametrize("point", ["created", "started"])
async def test_a_worker_killed_with_an_execution_that_does_nothing_yet(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, point: str
) -> None:
    doomed = await new_process(warm_seconds=30.0)
    execution = await client.create(await client.flow([witness("a", notes)]))
    await client.held(execution)
    doomed.freeze()
    if point == "started":
        assert (await client.start(execution)).is_held
    doomed.kill()
    await new_worker()
    if point == "created":
        await eventually(lambda: client.pool.fetchval("select worker_id is distinct from $1 from queue", doomed.id))
        await client.start(execution)
    await client.ended(execution)
    assert notes.nodes("began") == ["a"]


async def test_a_stop_that_a_killed_worker_has_not_applied_is_applied_by_the_next(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    doomed = await new_process()
    execution = await client.run(await client.flow([witness("a", notes, gate)]))
    await eventually(lambda: notes.nodes("began") == ["a"])
    doomed.freeze()
    assert (await client.stop(execution)).is_held
    doomed.kill()
    await new_worker()
    await client.ended(execution, "STOPPED")
    assert notes.nodes("began") == ["a"]
