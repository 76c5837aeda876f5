"""A worker that stands still for longer than its lease and then goes on: what it does late counts for nothing."""

from pathlib import Path

import pytest

from storage.append import Outcome
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.nodes import Notes
from tests.jobs.observed import outcomes_of_appends
from tests.jobs.worker_entry import GIVEN_UP
from tests.pauses import paused


async def test_the_late_writes_of_a_zombie_match_nothing_and_it_ends(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    zombie = await new_process(concurrency=20)
    nodes = [witness("a", notes), witness("b", notes, gate), witness("c", notes)]
    flow = await client.flow(nodes, in_a_row(nodes))
    ids = [await client.run(flow) for _ in range(20)]
    await eventually(lambda: notes.nodes("began").count("b") == 20)
    zombie.freeze()
    await new_worker(concurrency=20)
    await eventually(lambda: notes.nodes("began").count("b") == 40)
    # Both have all twenty nodes at the gate: whoever is stale must not be heard.
    gate.touch()
    zombie.thaw()
    assert await zombie.exit_code() == GIVEN_UP
    await client.all_ended(ids)
    failures = await client.pool.fetch("select distinct failure_count from executions")
    assert [row["failure_count"] for row in failures] == [1]
    mine = {line[2] for line in notes.read("began") if line[0].endswith(":c")}
    assert str(zombie.pid) not in mine


async def test_a_zombie_starts_no_effect_late(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, database_url: str
) -> None:
    """It is frozen while the start of its node is being committed, and thawed when another has the execution."""
    zombie = await new_process()
    gate = notes.path.with_name("first")
    nodes = [witness("a", notes, gate), witness("b", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: notes.nodes("began") == ["a"])
    async with paused(database_url, "insert", "execution_events") as pause:
        gate.touch()
        await pause.reached()
        zombie.freeze()
        await pause.end()
    await client.saw(execution, "NODE_STARTED", nodeId="b")
    await new_worker()
    await client.ended(execution)
    zombie.thaw()
    assert await zombie.exit_code() == GIVEN_UP
    began = [line for line in notes.read("began") if line[0].endswith(":b")]
    assert [line[2] for line in began].count(str(zombie.pid)) == 0
    assert len(began) == 1


async def test_a_zombie_that_comes_back_within_its_lease_goes_on(
    client: Client, new_process: NewProcess, notes: Notes, gate: Path
) -> None:
    worker = await new_process(lease=60.0)
    execution = await client.run(await client.flow([witness("a", notes, gate)]))
    await eventually(lambda: notes.nodes("began") == ["a"])
    worker.freeze()
    gate.touch()
    worker.thaw()
    row = await client.ended(execution)
    assert row["failure_count"] == 0
    assert "EXECUTION_RECOVERED" not in await client.kinds(execution)


async def test_a_worker_whose_row_is_gone_ends_and_keeps_nothing(
    client: Client, new_worker: NewWorker, new_process: NewProcess, notes: Notes, gate: Path
) -> None:
    given_up = await new_process()
    execution = await client.run(await client.flow([witness("a", notes, gate)]))
    await eventually(lambda: notes.nodes("began") == ["a"])
    await client.pool.execute("delete from workers where id = $1", given_up.id)
    assert await given_up.exit_code() == GIVEN_UP
    await new_worker()
    gate.touch()
    await client.ended(execution)


async def test_a_worker_whose_loop_stands_still_is_given_up_although_its_process_lives(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    blocked = await new_process()
    block = {"id": "block", "type": "test.block", "inputs": {"notes": str(notes.path), "gate": str(gate)}}
    execution = await client.run(await client.flow([block]))
    await eventually(lambda: notes.nodes("began") == ["block"])
    heir = await new_worker()
    row = await client.ended(execution)
    assert row["failure_count"] == 1
    assert (await client.saw(execution, "EXECUTION_RECOVERED"))["workerId"] == heir.id
    gate.touch()
    assert await blocked.exit_code() == GIVEN_UP


async def test_an_append_of_a_zombie_that_was_on_its_way_is_lost(
    client: Client,
    new_worker: NewWorker,
    notes: Notes,
    gate: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The claim is stolen between the node's end and its commit, in a worker that knows of nothing."""
    outcomes = outcomes_of_appends(monkeypatch)
    first = await new_worker(lease=60.0)
    execution = await client.run(await client.flow([witness("a", notes, gate)]))
    await eventually(lambda: notes.nodes("began") == ["a"])
    stolen = """with head as (update execution_heads set token = null, worker_id = null, lost_worker_id = worker_id
        where execution_id = $1) update queue set worker_id = null where execution_id = $1"""
    await client.pool.execute(stolen, execution)
    gate.touch()
    await eventually(lambda: Outcome.LOST in outcomes)
    await eventually(lambda: first.parts.claimer.held == 0)
    first.parts.claimer.look()
    row = await client.ended(execution)
    assert row["failure_count"] == 1
    assert notes.nodes("began") == ["a", "a"]
