"""Leaving in order: what a worker holds is given back at once, and the others go on; nothing counts as a failure."""

from pathlib import Path

import pytest

from storage.append import Outcome
from storage.claims import release_all
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES, in_a_row, witness
from tests.jobs.nodes import Notes
from tests.jobs.observed import outcomes_of_appends
from tests.jobs.workers import OUT_SECONDS
from tests.pauses import locked

PATIENT_LEASE = 30.0
"""Seconds; no worker that is only slow is given up meanwhile."""


async def failures(client: Client) -> int:
    """How many lost workers all executions have counted."""
    total: int = await client.pool.fetchval("select sum(failure_count) from executions")
    return total


async def test_sigterm_under_load_gives_everything_back_and_another_worker_goes_on(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    leaving = await new_process(concurrency=40, warm_seconds=30.0, lease=PATIENT_LEASE)
    nodes = [witness("a", notes), witness("b", notes, gate), witness("c", notes)]
    busy = await client.flow(nodes, in_a_row(nodes))
    running = [await client.run(busy) for _ in range(40)]
    await eventually(lambda: notes.nodes("began").count("b") == 40)
    waiting = [await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES)) for _ in range(20)]
    staying = await new_worker(concurrency=100, lease=PATIENT_LEASE)
    leaving.terminate()
    assert await leaving.exit_code(within=OUT_SECONDS) == 0
    gate.touch()
    await client.all_ended(running)
    for execution in waiting:
        await client.start(execution)
    await client.all_ended(waiting)
    assert await failures(client) == 0
    assert staying.parts.sweeper.rescues == 0
    assert await client.pool.fetchval("select count(*) from workers where id = $1", leaving.id) == 0
    ended = notes.count("ended")
    assert all(ended[f"{execution}:{node}"] == 1 for execution in running for node in "abc")


async def test_what_was_interrupted_in_order_is_said_to_be_recovered_but_is_no_failure(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    leaving = await new_worker()
    execution = await client.run(await client.flow([witness("a", notes, gate)]))
    await eventually(lambda: notes.nodes("began") == ["a"])
    await leaving.stop()
    assert notes.nodes("cancelled") == ["a"]
    await new_worker()
    gate.touch()
    row = await client.ended(execution)
    assert row["failure_count"] == 0
    recovered = await client.saw(execution, "EXECUTION_RECOVERED")
    assert (recovered["failureCount"], recovered["previousWorkerId"]) == (0, None)
    assert [line[1] for line in notes.read("began")] == ["1", "2"]


async def test_a_worker_that_leaves_in_order_does_not_hide_that_another_was_lost(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    """The second owner goes away before it has recorded anything."""
    lost = await new_process()
    execution = await client.run(await client.flow([witness("a", notes, gate)]))
    await eventually(lambda: notes.nodes("began") == ["a"])
    lost.kill()
    await lost.exit_code()
    async with client.pool.acquire() as connection, connection.transaction():
        await connection.execute("delete from workers")
        await connection.execute(
            "update execution_heads set token = gen_random_uuid(), worker_id = 'second', lost_worker_id = $1", lost.id
        )
        await connection.execute("update queue set worker_id = 'second'")
    async with client.pool.acquire() as connection:
        assert await release_all(connection, "second", lost=False) == (1, 0)
    await new_worker()
    gate.touch()
    assert (await client.ended(execution))["failure_count"] == 1
    assert (await client.saw(execution, "EXECUTION_RECOVERED"))["previousWorkerId"] == lost.id


async def test_a_process_ends_although_a_node_does_not(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    leaving = await new_process()
    execution = await client.run(await client.flow([{**witness("deaf", notes, gate), "type": "test.stubborn"}]))
    await eventually(lambda: notes.nodes("began") == ["deaf"])
    leaving.terminate()
    assert await leaving.exit_code(within=OUT_SECONDS) == 0
    await new_worker()
    gate.touch()
    assert (await client.ended(execution))["failure_count"] == 0


async def test_the_last_worker_leaves_and_the_next_one_goes_on_where_it_was(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes
) -> None:
    leaving = await new_process(concurrency=20)
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 50}}
    nodes = [witness("a", notes), nap, witness("b", notes)]
    flow = await client.flow(nodes, in_a_row(nodes))
    ids = [await client.run(flow) for _ in range(100)]
    await eventually(lambda: notes.nodes("ended").count("b") >= 20)
    leaving.terminate()
    assert await leaving.exit_code(within=OUT_SECONDS) == 0
    held = "select count(*) from execution_heads where token is not null"
    assert await client.pool.fetchval(held) == 0
    await new_worker()
    await client.all_ended(ids)
    assert await failures(client) == 0


async def test_a_head_that_somebody_holds_for_a_moment_is_given_back_all_the_same(
    client: Client, new_worker: NewWorker, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = outcomes_of_appends(monkeypatch)
    leaving = await new_worker(warm_seconds=30.0)
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await client.held(execution)
    async with locked(database_url, execution):
        going = client.in_background(leaving.stop())
        await eventually(lambda: Outcome.BUSY in outcomes)
    await going
    assert await client.pool.fetchval("select count(*) from workers") == 0
    await new_worker()
    await client.start(execution)
    assert (await client.ended(execution))["failure_count"] == 0
