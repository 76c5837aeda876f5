"""How many executions a worker runs at once: never more than it may, never fewer than it can."""

from itertools import accumulate
from pathlib import Path

import asyncpg
import pytest

from jobs.dispatch import Doorbell
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import LEASE, NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES, in_a_row, witness
from tests.jobs.nodes import Notes
from tests.pauses import paused


async def test_fifty_waiting_executions_leave_the_one_place_to_a_started_one(
    client: Client, new_worker: NewWorker
) -> None:
    worker = await new_worker(concurrency=1)
    flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
    ids = [await client.create(flow) for _ in range(50)]
    await client.start(ids[-1])
    await client.ended(ids[-1])
    assert worker.parts.sweeper.rescues == 0
    assert await client.pool.fetchval("select count(*) from executions where status = 'CREATED'") == 49


async def test_what_finds_no_place_when_it_is_started_runs_as_soon_as_one_is_free(
    pool: asyncpg.Pool, new_worker: NewWorker, notes: Notes, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else has the worker look again: the client does not ring, and full places do not either."""
    monkeypatch.setattr(Doorbell, "ring_later", lambda doorbell, seconds: None)
    worker = await new_worker(concurrency=1, warm_seconds=30.0)
    claimer = worker.parts.claimer
    async with Client(pool, None) as client:
        flow = await client.flow([witness("a", notes, gate)])
        first, second = await client.create(flow), await client.create(flow)
        claimer.look()
        await eventually(lambda: claimer.held == 2 and claimer.slots.free == 1 and not claimer._more_may_wait)
        await client.start(first)
        await eventually(lambda: notes.count("began")[f"{first}:a"] == 1)
        await client.start(second)
        unclaimed = "select worker_id is null from queue where execution_id = $1"
        await eventually(lambda: pool.fetchval(unclaimed, second))
        gate.touch()
        await client.all_ended([first, second])
    assert worker.parts.sweeper.rescues == 0


async def test_a_place_that_is_taken_while_a_claim_is_on_its_way_is_not_given_twice(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path, database_url: str
) -> None:
    worker = await new_worker(concurrency=1, warm_seconds=30.0)
    flow = await client.flow([witness("a", notes, gate)])
    first = await client.create(flow)
    await eventually(lambda: worker.parts.claimer.held == 1)
    async with paused(database_url, "update", "queue") as pause:
        second = await client.create(flow)
        await pause.reached()
        await client.start(first)
        await eventually(lambda: notes.count("began")[f"{first}:a"] == 1)
        await pause.end()
        waiting = "select worker_id is null from queue where execution_id = $1"
        await eventually(lambda: client.pool.fetchval(waiting, second))
    await client.start(second)
    assert worker.parts.claimer.slots.free == 0
    assert notes.nodes("began") == ["a"]
    gate.touch()
    await client.all_ended([first, second])
    assert worker.parts.sweeper.rescues == 0


def most_at_once(notes: Notes) -> int:
    """How many nodes were at work at the same time at most."""
    changes = [(float(line[3]), 1) for line in notes.read("began")] + [
        (float(line[3]), -1) for line in notes.read("ended")
    ]
    return max(accumulate(change for _, change in sorted(changes)))


async def test_no_more_executions_run_at_once_than_there_are_places(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    worker = await new_worker(concurrency=3)
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 20}}
    nodes = [witness("a", notes, gate), nap, witness("b", notes)]
    flow = await client.flow(nodes, in_a_row(nodes))
    ids = [await client.run(flow) for _ in range(60)]
    await eventually(lambda: len(notes.read("began")) == 3)
    gate.touch()
    await client.all_ended(ids)
    assert most_at_once(notes) == 3
    assert worker.parts.sweeper.rescues == 0
    await eventually(lambda: worker.parts.claimer.slots.free == 3)


async def test_two_workers_share_the_load(client: Client, new_worker: NewWorker, notes: Notes, gate: Path) -> None:
    first, second = await new_worker(concurrency=4), await new_worker(concurrency=4)
    flow = await client.flow([witness("a", notes, gate)])
    ids = [await client.run(flow) for _ in range(12)]
    await eventually(lambda: len(notes.read("began")) == 8)
    held = "select worker_id, count(*) as held from queue where worker_id is not null group by 1"
    assert {row["worker_id"]: row["held"] for row in await client.pool.fetch(held)} == {first.id: 4, second.id: 4}
    gate.touch()
    await client.all_ended(ids)
    assert first.parts.sweeper.rescues + second.parts.sweeper.rescues == 0
    assert max(notes.count("began").values()) == 1


async def test_what_waits_for_a_place_for_long_is_no_lost_ring(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.sweeper.OVERDUE_SECONDS", 0.2)
    worker = await new_worker(concurrency=1, lease=LEASE)
    flow = await client.flow([witness("a", notes, gate)])
    ids = [await client.run(flow) for _ in range(2)]
    await eventually(lambda: len(notes.read("began")) == 1)
    overdue = "select exists (select from queue where worker_id is null and ready_at < now() - interval '1 s')"
    await eventually(lambda: client.pool.fetchval(overdue))
    gate.touch()
    await client.all_ended(ids)
    assert worker.parts.sweeper.rescues == 0
