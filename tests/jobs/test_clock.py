"""Time is the database's: a worker whose own clock is wrong does nothing early, late or out of order (rule 10)."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.clock import DatabaseClock
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.nodes import Notes

HOUR = 3600.0


def test_an_answer_that_has_waited_does_not_set_the_clock_back_and_one_that_is_sure_corrects_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = SimpleNamespace(now=0.0, monotonic=lambda: watch.now)
    monkeypatch.setattr("jobs.clock.time", watch)
    clock = DatabaseClock()

    def told(*, asked: float, database: float, received: float) -> float:
        watch.now = received
        clock.set(datetime.fromtimestamp(database, UTC), asked=asked)
        return clock.now() / 1000

    assert told(asked=0.0, database=1000.0, received=0.25) == 1000.0
    # The first answer was a quarter of a second late, which is known only now.
    assert told(asked=1.0, database=1001.0, received=1.0) == 1001.0
    assert told(asked=2.0, database=1002.0, received=2.5) == 1002.5
    assert told(asked=3.0, database=5003.0, received=3.5) == 5003.0
    assert told(asked=4.0, database=1004.0, received=4.5) == 1004.5


@pytest.mark.parametrize("shift", [-HOUR, HOUR], ids=["an hour slow", "an hour fast"])
async def test_a_worker_with_a_wrong_clock_keeps_the_time_of_the_database(
    client: Client, new_worker: NewWorker, notes: Notes, monkeypatch: pytest.MonkeyPatch, shift: float
) -> None:
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + shift)
    worker = await new_worker(warm_seconds=0.05)
    waiting = await client.create(await client.flow([witness("never", notes)]))
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 1000}}
    nodes = [nap, witness("a", notes)]
    before = await client.pool.fetchval("select clock_timestamp() - interval '5 s'")
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    row = await client.ended(execution)
    after = await client.pool.fetchval("select clock_timestamp() + interval '5 s'")
    times = await client.pool.fetch("select timestamp from execution_events where execution_id = $1", execution)
    assert all(before <= each["timestamp"] <= after for each in times)
    assert row["completed_at"] - row["started_at"] >= timedelta(seconds=0.5)
    assert (await client.row(waiting))["status"] == "CREATED"
    assert worker.parts.sweeper.rescues == 0


async def test_no_event_is_older_than_the_one_before_it_when_the_databases_clock_is_set_back(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    worker = await new_worker(lease=60.0)
    nodes = [witness("a", notes, gate), witness("b", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: notes.nodes("began") == ["a"])
    worker.parts.claimer._shop.clock.set(datetime.now(UTC) - timedelta(hours=1), asked=time.monotonic())
    gate.touch()
    await client.ended(execution)
    query = "select timestamp from execution_events where execution_id = $1 order by index"
    times = [row["timestamp"] for row in await client.pool.fetch(query, execution)]
    assert times == sorted(times)
