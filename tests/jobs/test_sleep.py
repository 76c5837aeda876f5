"""Waiting for a time: it costs rows, not workers, and goes on through the loss of one."""

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker

SLEEP = [
    {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 1500, "value": 7}},
    {"id": "out", "type": "flow.output", "inputs": {"name": "value"}},
]
THEN = [("nap.value", "out.value")]


async def parked(client: Client, execution_id: str) -> None:
    """Wait until an execution is only rows."""

    async def is_parked() -> bool:
        row = await client.row(execution_id)
        timers = await client.pool.fetchval("select count(*) from timers where execution_id = $1", execution_id)
        return row["status"] == "RUNNING" and row["token"] is None and timers == 1

    await eventually(is_parked)


async def test_a_sleep_parks_and_goes_on_when_its_time_has_come(client: Client, new_worker: NewWorker) -> None:
    worker = await new_worker()
    execution = await client.run(await client.flow(SLEEP, THEN))
    await parked(client, execution)
    await eventually(lambda: worker.parts.claimer.held == 0)
    row = await client.ended(execution)
    assert row["outputs"] == '{"value":7}'
    assert row["failure_count"] == 0
    assert (await client.kinds(execution)).count("EXECUTION_RECOVERED") == 0


async def test_a_sleep_goes_on_with_another_worker_than_it_began_with(client: Client, new_worker: NewWorker) -> None:
    first = await new_worker()
    execution = await client.run(await client.flow(SLEEP, THEN))
    await parked(client, execution)
    await first.stop()
    second = await new_worker()
    await client.ended(execution)
    assert second.parts.sweeper.rescues == 0
    assert await client.kinds(execution) == [
        "EXECUTION_CREATED",
        "FLOW_STARTED",
        "NODE_STARTED",
        "NODE_WAITING",
        "NODE_COMPLETED",
        "NODE_STARTED",
        "NODE_COMPLETED",
        "FLOW_COMPLETED",
    ]


async def test_a_sleep_goes_on_after_the_kill_of_the_worker_that_would_have_woken_it(
    client: Client, new_process: NewProcess, new_worker: NewWorker
) -> None:
    doomed = await new_process(warm_seconds=10.0)
    execution = await client.run(await client.flow(SLEEP, THEN))
    await client.saw(execution, "NODE_WAITING")
    doomed.kill()
    await new_worker()
    row = await client.ended(execution)
    assert row["failure_count"] == 1
    assert (await client.kinds(execution)).count("NODE_WAITING") == 1


async def test_a_sleeping_execution_can_be_stopped(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    flow = await client.flow([{"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 600_000}}])
    execution = await client.run(flow)
    await parked(client, execution)
    await client.stop(execution, "enough")
    await client.ended(execution, "STOPPED")
    assert (await client.kinds(execution))[-2:] == ["NODE_FAILED", "FLOW_CANCELLED"]
