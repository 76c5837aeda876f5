"""The signal-gated start: whoever comes first, the client or the worker, a started execution runs (rules 4 and 5)."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from engine.errors import InvalidState
from jobs.loading import Loader
from jobs.worker import WorkerSettings
from storage.append import Outcome
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES
from tests.jobs.observed import claim_request, outcomes_of_appends
from tests.jobs.workers import LocalWorker
from tests.pauses import paused
from tests.proxy import proxy

NOBODY = "redis://127.0.0.1:1/0"
"""Where no Redis is."""


async def parked(pool: asyncpg.Pool, execution_id: str) -> None:
    """Wait until an execution is only rows."""
    query = """select h.token is null and exists (select from timers t where t.execution_id = h.execution_id)
        from execution_heads h where h.execution_id = $1"""
    await eventually(lambda: pool.fetchval(query, execution_id))


async def test_a_created_execution_waits_and_runs_when_it_is_started(client: Client, new_worker: NewWorker) -> None:
    worker = await new_worker()
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await eventually(lambda: worker.parts.claimer.held == 1)
    assert await client.kinds(execution) == ["EXECUTION_CREATED"]
    await client.start(execution)
    assert (await client.ended(execution))["outputs"] == '{"value":1}'
    assert await client.kinds(execution) == [
        "EXECUTION_CREATED",
        "FLOW_STARTED",
        "NODE_STARTED",
        "NODE_COMPLETED",
        "NODE_STARTED",
        "NODE_COMPLETED",
        "FLOW_COMPLETED",
    ]
    assert worker.parts.sweeper.rescues == 0


async def test_an_execution_that_was_created_and_started_before_any_worker_runs_when_one_comes(
    client: Client, new_worker: NewWorker
) -> None:
    execution = await client.run(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    worker = await new_worker()
    await client.ended(execution)
    assert worker.parts.sweeper.rescues == 0


async def test_a_parked_execution_runs_when_it_is_started(client: Client, new_worker: NewWorker) -> None:
    worker = await new_worker(warm_seconds=0.01)
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await parked(client.pool, execution)
    accepted = await client.start(execution)
    assert not accepted.is_held
    await client.ended(execution)
    assert worker.parts.sweeper.rescues == 0


async def test_a_redis_that_forgets_everything_between_create_and_start_loses_nothing(
    client: Client, new_worker: NewWorker, redis_url: str
) -> None:
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    async with Redis.from_url(redis_url) as redis:
        await eventually(lambda: redis.dbsize())
        await redis.flushdb()
    await new_worker()
    await client.start(execution)
    await client.ended(execution)


async def test_without_any_redis_the_sweeper_finds_what_is_ready(
    pool: asyncpg.Pool, settings: Callable[..., WorkerSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.sweeper.OVERDUE_SECONDS", 0.5)
    worker = LocalWorker(settings(redis_url=NOBODY))
    await worker.start()
    async with Client(pool, NOBODY) as client:
        flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
        await client.ended(await client.run(flow))
        # From here on nothing tells the worker of new work.
        await eventually(lambda: worker.parts.claimer.held == 0)
        await client.ended(await client.run(flow))
    await worker.stop()
    assert worker.parts.sweeper.rescues >= 1


async def test_an_execution_that_is_not_started_in_time_fails(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES), start_timeout_ms=100)
    row = await client.ended(execution, "FAILED")
    assert '"code":"START_TIMEOUT"' in row["error"]
    assert await client.kinds(execution) == ["EXECUTION_CREATED", "FLOW_FAILED"]
    with pytest.raises(InvalidState) as refused:
        await client.start(execution)
    assert refused.value.status == "FAILED"


async def test_a_parked_execution_that_is_not_started_in_time_fails(client: Client, new_worker: NewWorker) -> None:
    await new_worker(warm_seconds=0.01)
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES), start_timeout_ms=800)
    await parked(client.pool, execution)
    row = await client.ended(execution, "FAILED")
    assert '"code":"START_TIMEOUT"' in row["error"]


async def test_a_start_that_was_accepted_in_time_counts_although_a_worker_comes_too_late(
    client: Client, new_worker: NewWorker
) -> None:
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES), start_timeout_ms=50)
    await client.start(execution)
    late = "select clock_timestamp() > created_at + interval '60 ms' from executions where id = $1"
    await eventually(lambda: client.pool.fetchval(late, execution))
    await new_worker()
    await client.ended(execution)


async def test_a_start_that_comes_in_while_the_timeout_is_being_decided_wins(
    client: Client, new_worker: NewWorker, database_url: str
) -> None:
    """The command has the head's lock, not yet committed, when the worker wants to write the end."""
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES), start_timeout_ms=400)
    async with paused(database_url, "insert", "mailbox") as pause:
        starting = client.in_background(client.start(execution))
        await pause.reached()
        await new_worker()
        late = "select clock_timestamp() > created_at + interval '450 ms' from executions where id = $1"
        await eventually(lambda: client.pool.fetchval(late, execution))
        await pause.end()
        await starting
    await client.ended(execution)


async def test_a_start_that_comes_in_while_the_timeout_is_being_written_is_refused(
    client: Client, new_worker: NewWorker, database_url: str
) -> None:
    """The end has the head's lock, not yet committed, when the command comes."""
    async with paused(database_url, "delete", "queue") as pause:
        execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES), start_timeout_ms=100)
        await new_worker(warm_seconds=30.0)
        await pause.reached()
        starting = client.in_background(client.start(execution))
        await client.waits_for_a_lock()
        await pause.end()
        with pytest.raises(InvalidState) as refused:
            await starting
    assert refused.value.status == "FAILED"
    await client.ended(execution, "FAILED")


async def test_a_start_that_comes_in_while_the_execution_is_being_parked_runs_it(
    client: Client, new_worker: NewWorker, database_url: str
) -> None:
    """The park has the head's lock, not yet committed, when the command comes."""
    async with paused(database_url, "delete", "queue") as pause:
        execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
        worker = await new_worker(warm_seconds=0.01)
        await pause.reached()
        starting = client.in_background(client.start(execution))
        await client.waits_for_a_lock()
        await pause.end()
        assert not (await starting).is_held
    await client.ended(execution)
    assert worker.parts.sweeper.rescues == 0


async def test_a_park_that_comes_in_while_the_start_is_being_accepted_is_called_off(
    client: Client, new_worker: NewWorker, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command has the head's lock, not yet committed, when the worker wants to park."""
    outcomes = outcomes_of_appends(monkeypatch)
    worker = await new_worker(warm_seconds=1.0)
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await eventually(lambda: worker.parts.claimer.held == 1)
    async with paused(database_url, "insert", "mailbox") as pause:
        starting = client.in_background(client.start(execution))
        await pause.reached()
        await eventually(lambda: Outcome.BUSY in outcomes)
        await pause.end()
        assert (await starting).is_held
    await client.ended(execution)
    assert Outcome.INTERRUPTED in outcomes


async def test_a_start_that_is_announced_while_a_claim_is_on_its_way_does_not_wait_for_the_poll(
    client: Client, new_worker: NewWorker, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is committed, but the worker does not know of it yet when it hears of the command."""
    monkeypatch.setattr("jobs.mailroom.POLL_SECONDS", 3600.0)
    flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
    async with proxy(database_url) as link:
        worker = await new_worker(database_url=link.url, warm_seconds=30.0)
        mailroom = worker.parts.claimer._shop.mailroom
        link.hold_the_answer_to(claim_request(worker.id))
        execution = await client.create(flow)

        async def is_on_its_way() -> bool:
            if (
                link.holds and not (await client.row(execution))["worker_id"]
            ):  # It is the answer to a look that found nothing.
                link.pass_on()
                link.hold_the_answer_to(claim_request(worker.id))
            return link.holds > 0

        await eventually(is_on_its_way)
        assert (await client.start(execution)).is_held
        await eventually(lambda: execution in mailroom._missed)
        link.pass_on()
        await client.ended(execution)
        await worker.stop()
    assert worker.parts.sweeper.rescues == 0


async def test_a_start_that_is_announced_while_an_execution_is_being_loaded_does_not_wait_for_the_poll(
    client: Client, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.mailroom.POLL_SECONDS", 3600.0)
    loading, loaded = asyncio.Event(), asyncio.Event()
    load = Loader.load

    async def slowly(*arguments: Any) -> Any:
        loading.set()
        await loaded.wait()
        return await load(*arguments)

    monkeypatch.setattr(Loader, "load", slowly)
    await new_worker(warm_seconds=30.0)
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await loading.wait()
    assert (await client.start(execution)).is_held
    loaded.set()
    await client.ended(execution)
