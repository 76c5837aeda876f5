"""The database away, half away, or slow: it costs time and nothing else (rule 14)."""

import asyncio
from pathlib import Path

import pytest

from tests.eventually import PATIENCE, eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.nodes import Notes
from tests.proxy import proxy


async def test_backends_terminated_at_random_under_load_lose_and_repeat_nothing(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    worker = await new_worker(concurrency=30, lease=20.0)
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 20}}
    nodes = [witness("a", notes), nap, witness("b", notes), nap | {"id": "nap2"}, witness("c", notes)]
    flow = await client.flow(nodes, in_a_row(nodes))
    ids = [await client.run(flow) for _ in range(150)]
    kills = 0
    kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'tidegate%'"
    async with asyncio.timeout(4 * PATIENCE):
        # Not beyond the last effect: kill upon kill would leave no time in which the rest could be written.
        while (done := len(notes.read("ended"))) < 450:
            kills += await client.pool.fetchval(kill)
            await eventually(lambda done=done: len(notes.read("ended")) >= min(done + 30, 450))  # type: ignore[misc]
    assert kills >= 5
    await client.all_ended(ids)
    assert set(notes.count("began").values()) == {1}
    assert len(notes.read("ended")) == 450
    assert worker.task
    assert not worker.task.done()


async def test_an_outage_in_the_middle_of_a_run_is_outlasted(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path, database_url: str
) -> None:
    async with proxy(database_url) as link:
        worker = await new_worker(database_url=link.url, lease=30.0)
        nodes = [witness("a", notes, gate), witness("b", notes)]
        execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
        await eventually(lambda: notes.nodes("began") == ["a"])
        link.refuses = True
        link.cut_all()
        gate.touch()
        await eventually(lambda: notes.nodes("ended") == ["a"])
        link.refuses = False
        await client.ended(execution)
        assert notes.nodes("began") == ["a", "b"]
        await worker.stop()
    assert "EXECUTION_RECOVERED" not in await client.kinds(execution)


async def test_an_execution_whose_log_cannot_be_read_is_loaded_when_it_can(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    """The claim gets through; the log is locked against reading until the worker has given up several times."""
    first = await new_worker(warm_seconds=0.01)
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 1000}}
    nodes = [nap, witness("a", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: client.pool.fetchval("select exists (select from timers)"))
    async with client.pool.acquire() as blocker, blocker.transaction():
        await blocker.execute("lock table execution_events in access exclusive mode")
        await client.held(execution)
        reads = (
            "select pid from pg_stat_activity where application_name = 'tidegate worker' and wait_event = 'relation'"
        )
        for _ in range(2):
            reader = await eventually(lambda: blocker.fetchval(reads))
            await blocker.fetchval("select pg_terminate_backend($1)", reader)
            await eventually(lambda reader=reader: _is_gone(client, reader))  # type: ignore[misc]
    row = await client.ended(execution)
    assert row["failure_count"] == 0
    assert notes.nodes("began") == ["a"]
    await eventually(lambda: first.parts.claimer.held == 0)


async def _is_gone(client: Client, pid: int) -> bool:
    return not await client.pool.fetchval("select exists (select from pg_stat_activity where pid = $1)", pid)


async def test_a_connection_that_says_nothing_any_more_is_given_up_and_the_work_goes_on(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half-open connections: no error, no answer. Only the time limit of a statement notices."""
    monkeypatch.setattr("storage.pool.COMMAND_TIMEOUT", 1.0)
    async with proxy(database_url) as link:
        worker = await new_worker(database_url=link.url, lease=20.0)
        nodes = [witness("a", notes, gate), witness("b", notes)]
        execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
        await eventually(lambda: notes.nodes("began") == ["a"])
        link.block()
        gate.touch()
        await client.ended(execution)
        assert notes.nodes("began") == ["a", "b"]
        assert worker.parts.heartbeat.is_fresh
        await worker.stop()


async def test_a_beat_that_is_not_answered_is_tried_on_another_connection_within_the_lease(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path, database_url: str
) -> None:
    """Else every worker would be given up that has a half-open connection, however well it could reach the database."""
    async with proxy(database_url) as link:
        worker = await new_worker(database_url=link.url, lease=8.0)
        watching = await new_worker(lease=8.0)
        execution = await client.run(await client.flow([witness("a", notes, gate)]))
        await eventually(lambda: notes.nodes("began") == ["a"])
        link.block()
        beats = "select beat from workers where id = $1"
        before = await client.pool.fetchval(beats, worker.id)
        reached = f"select beat >= {before + 3} from workers where id = $1"
        await eventually(lambda: client.pool.fetchval(reached, worker.id))
        assert worker.parts.heartbeat.is_fresh
        assert watching.parts.heartbeat.is_fresh
        link.cut_all()
        gate.touch()
        row = await client.ended(execution)
        assert row["failure_count"] == 0
        await worker.stop()


async def test_a_worker_that_cannot_reach_the_database_for_a_whole_lease_is_given_up_and_ends(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path, database_url: str
) -> None:
    """Partitioned: what it does meanwhile counts for nothing, and no effect is begun."""
    async with proxy(database_url) as link:
        partitioned = await new_worker(database_url=link.url, lease=2.0)
        nodes = [witness("a", notes, gate), witness("b", notes)]
        execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
        await eventually(lambda: notes.nodes("began") == ["a"])
        link.refuses = True
        link.cut_all()
        heir = await new_worker(lease=2.0)
        await client.saw(execution, "EXECUTION_RECOVERED", workerId=heir.id)
        gate.touch()
        row = await client.ended(execution)
        assert row["failure_count"] == 1
        link.refuses = False
        assert partitioned.task
        await asyncio.wait([partitioned.task], timeout=PATIENCE)
        assert partitioned.task.done()
        with pytest.raises(ExceptionGroup) as ended:
            partitioned.task.result()
        assert "WorkerGivenUp" in repr(ended.value.exceptions)
    assert notes.nodes("began").count("b") == 1


async def test_no_session_may_hold_a_lock_or_a_transaction_for_long(client: Client) -> None:
    """The test's own pool is opened as a worker's is."""
    settings = "select setting::integer from pg_settings where name = any ($1)"
    names = ["lock_timeout", "idle_in_transaction_session_timeout"]
    limits = [row["setting"] for row in await client.pool.fetch(settings, names)]
    assert len(limits) == 2
    assert all(0 < limit <= 30_000 for limit in limits)
