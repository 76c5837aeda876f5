"""What a worker has claimed without knowing it, or cannot let go of, is found and freed: nothing is held by nobody."""

import pytest

import jobs.claimer
from jobs.worker import EXIT_SECONDS
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES
from tests.jobs.nodes import Notes
from tests.jobs.observed import claim_request
from tests.jobs.workers import OUT_SECONDS
from tests.proxy import proxy


async def test_a_claim_whose_answer_is_lost_holds_nothing_back(
    client: Client, new_worker: NewWorker, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.claimer, "STRAYS_SECONDS", 0.3)
    async with proxy(database_url) as link:
        worker = await new_worker(database_url=link.url)
        flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
        link.cut_the_answer_to(claim_request(worker.id))
        execution = await client.run(flow)
        await eventually(lambda: link.cuts == 1)
        await client.ended(execution)
        await worker.stop()
    assert "EXECUTION_RECOVERED" not in await client.kinds(execution)


async def test_a_worker_whose_idle_connections_are_killed_again_and_again_works_on(
    client: Client, new_worker: NewWorker
) -> None:
    worker = await new_worker()
    flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
    kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'tidegate%'"
    for _ in range(8):
        assert await client.pool.fetchval(kill) > 0
        await client.ended(await client.run(flow))
    assert worker.task
    assert not worker.task.done()


async def test_a_worker_leaves_although_the_database_does_not_answer(
    client: Client, new_process: NewProcess, database_url: str
) -> None:
    async with proxy(database_url) as link:
        worker = await new_process(database_url=link.url, warm_seconds=30.0)
        execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
        await client.held(execution)
        link.block()
        link.refuses = True
        worker.terminate()
        await worker.exit_code(within=OUT_SECONDS)
    assert EXIT_SECONDS < 15


async def test_a_worker_leaves_although_a_node_refuses_to_be_cancelled(
    client: Client, new_process: NewProcess, notes: Notes
) -> None:
    worker = await new_process()
    stubborn = {"id": "stubborn", "type": "test.stubborn", "inputs": {"notes": str(notes.path)}}
    execution = await client.run(await client.flow([stubborn]))
    await eventually(lambda: notes.nodes("began") == ["stubborn"])
    worker.terminate()
    await worker.exit_code(within=OUT_SECONDS)
    assert (await client.row(execution))["token"] is None
    await client.stop(execution)
