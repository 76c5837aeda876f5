"""Schedules fire once for each due time, whoever sees to them and whoever is killed at it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from engine.catch_up import CatchUpPolicy, Turn
from engine.ids import new_execution_id
from engine.options import ExecutionOptions
from jobs.schedules import Schedules
from storage.executions import NewExecution
from storage.flows import delete_flow
from storage.schedules import DueSchedule, create_schedule, due_schedules, fire
from storage.transaction import transaction
from storage.versions import Version, Versions
from tests.eventually import eventually
from tests.faults.service import WorkerProcess
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.nodes import REGISTRY

TAKES = [
    {"id": "n", "type": "flow.input", "inputs": {"name": "n", "schema": {"type": "number"}}},
    {"id": "out", "type": "flow.output", "inputs": {"name": "n"}},
]
WIRED = [("n.value", "out.value")]
NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


class Seen:
    """What fires schedules without being a worker, and what it has announced."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.announced: list[str] = []
        self.rings = 0
        self.schedules = Schedules(pool, Versions(pool, REGISTRY), self._announce, self._ring)

    def _announce(self, execution_id: str, index: int) -> None:
        assert index == -1
        self.announced.append(execution_id)

    def _ring(self) -> None:
        self.rings += 1

    async def turn(self) -> float:
        return await self.schedules._turn()


@pytest.fixture
def seen(pool: asyncpg.Pool) -> Seen:
    return Seen(pool)


@pytest.fixture
async def client(pool: asyncpg.Pool) -> AsyncIterator[Client]:
    async with Client(pool, None) as opened:
        yield opened


async def scheduled(
    client: Client,
    flow: str,
    *,
    due: datetime | None = NOON,
    cron: str = "0 12 * * *",
    catch_up: CatchUpPolicy = CatchUpPolicy.LATEST,
    **inputs: Any,
) -> str:
    """A schedule that is due then, in place of when it would be."""
    async with transaction(client.pool) as connection:
        row = await create_schedule(
            connection,
            flow_id=flow,
            owner_id=client.owner,
            cron=cron,
            time_zone="UTC",
            catch_up=catch_up,
            inputs=inputs or {"n": 7},
        )
        if due:
            await connection.execute("update schedules set next_fire_at = $2 where id = $1", row.id, due)
    return row.id


async def state(client: Client, schedule: str) -> asyncpg.Record:
    row = await client.pool.fetchrow(
        "select *, next_fire_at > now() as is_ahead from schedules where id = $1", schedule
    )
    assert row
    return row


async def made(client: Client) -> Sequence[asyncpg.Record]:
    return await client.pool.fetch("select * from executions order by id")


async def the_one_due(client: Client) -> DueSchedule:
    async with client.pool.acquire() as connection:
        [due] = await due_schedules(connection, 10)
    return due


def execution_of(due: DueSchedule) -> NewExecution:
    return NewExecution(
        id=new_execution_id(),
        flow_id=due.row.flow_id,
        flow_version=due.flow_version,
        flow_name=due.flow_name,
        owner_id=due.row.owner_id,
        inputs=due.row.inputs,
        port_values=[],
        options=ExecutionOptions(),
        integration=None,
        external_events=[],
        priority=0,
        idempotency_key=None,
        request_digest=None,
    )


async def test_a_due_schedule_makes_a_started_execution_of_the_newest_version(client: Client, seen: Seen) -> None:
    flow = await client.flow([])
    await client.update(flow, TAKES, WIRED)
    schedule = await scheduled(client, flow)
    await seen.turn()
    [row] = await made(client)
    assert (row["flow_version"], row["owner_id"], row["inputs"]) == (2, "ada", '{"n":7}')
    due_at = orjson.loads(row["integration"])["schedule"]["dueAt"]
    assert orjson.loads(row["integration"]) == {"schedule": {"id": schedule, "dueAt": due_at}}
    labels = await client.pool.fetch("select name, value from labels where root_id = $1", row["id"])
    assert [tuple(label) for label in labels] == [("schedule", schedule)]
    assert await client.pool.fetchval("select command from mailbox where execution_id = $1", row["id"]) == "START"
    after = await state(client, schedule)
    assert (after["last_execution_id"], after["last_error"], after["is_ahead"]) == (row["id"], None, True)
    assert due_at == after["last_fire_at"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert (seen.announced, seen.rings) == ([row["id"]], 1)


async def test_two_that_have_seen_the_same_due_time_fire_once(client: Client, pool: asyncpg.Pool) -> None:
    await scheduled(client, await client.flow(TAKES, WIRED))
    due = await the_one_due(client)
    both = [Seen(pool), Seen(pool)]
    for each in both:
        await each.schedules._see_to(due)
    assert len(await made(client)) == 1
    assert [len(each.announced) for each in both] == [1, 0]


async def test_a_turn_that_was_taken_is_not_taken_again(client: Client, pool: asyncpg.Pool) -> None:
    """Also where the key of the due time would not keep a second execution out."""
    await scheduled(client, await client.flow(TAKES, WIRED))
    due = await the_one_due(client)
    for expected in (1, 0):
        async with transaction(pool) as connection:
            made_now = await fire(connection, due, Turn(due.due, due.now + timedelta(hours=1)), execution_of(due))
        assert (made_now is not None) == expected


async def test_many_at_once_fire_once_and_nobody_waits_for_one_that_is_at_it(
    client: Client, pool: asyncpg.Pool
) -> None:
    schedule = await scheduled(client, await client.flow(TAKES, WIRED))
    due = await the_one_due(client)
    async with transaction(pool) as connection:
        assert await fire(connection, due, Turn(due.due, due.now + timedelta(hours=1)), execution_of(due))
        others = [Seen(pool) for _ in range(3)]
        # Were they to wait for the transaction that is open here, this would never end.
        await asyncio.gather(*(other.turn() for other in others))
        assert not any(other.announced for other in others)
    assert len(await made(client)) == 1
    assert (await state(client, schedule))["last_fire_at"] == NOON


async def test_a_firing_that_is_rolled_back_leaves_the_schedule_due(client: Client, seen: Seen) -> None:
    schedule = await scheduled(client, await client.flow(TAKES, WIRED))
    due = await the_one_due(client)
    with suppress(ConnectionError):
        async with transaction(client.pool) as connection:
            assert await fire(connection, due, Turn(due.due, None), execution_of(due))
            raise ConnectionError
    assert await made(client) == []
    await seen.turn()
    assert [row["id"] for row in await made(client)] == [(await state(client, schedule))["last_execution_id"]]


async def test_inputs_that_the_newest_version_does_not_take_fail_visibly_until_it_does(
    client: Client, seen: Seen
) -> None:
    flow = await client.flow(TAKES, WIRED)
    schedule = await scheduled(client, flow)
    more = {"id": "m", "type": "flow.input", "inputs": {"name": "m"}}
    await client.update(flow, [*TAKES, more], WIRED)
    await seen.turn()
    failed = await state(client, schedule)
    assert (failed["last_error"], failed["last_execution_id"], failed["last_fire_at"]) == (
        "The input 'm' is missing.",
        None,
        None,
    )
    assert failed["is_ahead"]
    await client.update(flow, TAKES, WIRED)
    await client.pool.execute("update schedules set next_fire_at = now()")
    await seen.turn()
    assert (await state(client, schedule))["last_error"] is None
    assert len(await made(client)) == 1


async def test_a_schedule_that_cannot_be_seen_to_is_told_left_alone_and_holds_up_nobody(
    client: Client, seen: Seen
) -> None:
    flow = await client.flow(TAKES, WIRED)
    broken = await scheduled(client, flow, due=NOON - timedelta(days=1))
    fine = await scheduled(client, flow)
    seen.schedules._versions = Breaking(client.pool, REGISTRY)
    await seen.turn()
    assert (await state(client, fine))["last_execution_id"] is not None
    assert "internal error" in (await state(client, broken))["last_error"]
    assert await seen.turn() > 1
    assert seen.rings == 1


class Breaking(Versions):
    """Fails for the first that asks."""

    fails = True

    async def get(self, flow_id: str, number: int) -> Version:
        if self.fails:
            self.fails = False
            raise ZeroDivisionError
        return await super().get(flow_id, number)


@pytest.mark.parametrize(
    ("policy", "count"), [(CatchUpPolicy.SKIP, 0), (CatchUpPolicy.LATEST, 1), (CatchUpPolicy.ALL, 3)]
)
async def test_after_an_outage_each_policy_makes_up_for_its_own(
    client: Client, seen: Seen, policy: CatchUpPolicy, count: int
) -> None:
    """Three days were missed, whatever the time is now."""
    now = await client.pool.fetchval("select clock_timestamp() - interval '2 hours'")
    dues = [now.replace(minute=0, second=0, microsecond=0) - timedelta(days=back) for back in (2, 1, 0)]
    schedule = await scheduled(
        client, await client.flow(TAKES, WIRED), due=dues[0], cron=f"0 {now.hour} * * *", catch_up=policy
    )
    while await seen.turn() < 1:
        pass
    written = [
        datetime.fromisoformat(orjson.loads(row["integration"])["schedule"]["dueAt"]) for row in await made(client)
    ]
    assert written == dues[3 - count :]
    assert (await state(client, schedule))["next_fire_at"] == dues[2] + timedelta(days=1)


async def test_a_deleted_flow_has_no_schedules(client: Client, seen: Seen) -> None:
    flow = await client.flow(TAKES, WIRED)
    await scheduled(client, flow)
    async with transaction(client.pool) as connection:
        await delete_flow(connection, flow_id=flow, owner_id=client.owner)
    await seen.turn()
    assert await client.pool.fetchval("select count(*) from schedules") == 0
    assert await made(client) == []


async def test_an_idle_worker_sleeps_until_the_next_due_time(client: Client, seen: Seen) -> None:
    flow = await client.flow(TAKES, WIRED)
    assert await seen.turn() > 1
    schedule = await scheduled(client, flow, due=None)
    await client.pool.execute("update schedules set next_fire_at = now() + interval '9 s' where id = $1", schedule)
    assert await seen.turn() == 5
    await client.pool.execute("update schedules set next_fire_at = now() + interval '3 s' where id = $1", schedule)
    assert await seen.turn() <= 3


async def test_a_worker_fires_what_was_due_when_it_came(client: Client, new_worker: NewWorker) -> None:
    schedule = await scheduled(client, await client.flow(TAKES, WIRED))
    worker = await new_worker()
    await eventually(lambda: made_by(client, schedule))
    row = await client.ended((await state(client, schedule))["last_execution_id"])
    assert row["outputs"] == '{"n":7}'
    assert worker.parts.sweeper.rescues == 0


async def made_by(client: Client, schedule: str) -> Any:
    return (await state(client, schedule))["last_execution_id"]


@pytest.mark.parametrize("point", ["in_fire", "ring"])
async def test_a_worker_killed_at_a_firing_leaves_one_execution(
    client: Client, new_worker: NewWorker, database_url: str, redis_url: str, tmp_path: Path, point: str
) -> None:
    """Killed before the commit it has done nothing, and after it everything but to ring."""
    schedule = await scheduled(client, await client.flow(TAKES, WIRED))
    settings = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "TIDEGATE_LEASE_SECONDS": "1.5"}
    doomed = WorkerProcess("doomed", tmp_path, {**settings, "TIDEGATE_FAULTS": f"{point}:kill"})
    await doomed.start()
    try:
        assert await doomed.exit_code() == -9
    finally:
        await doomed.end()
    assert len(doomed.firings) == 1
    assert len(await made(client)) == (0 if point == "in_fire" else 1)
    await new_worker()
    await eventually(lambda: made_by(client, schedule))
    [row] = await made(client)
    await client.ended(row["id"])
