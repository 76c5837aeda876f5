"""Everything at once and no fault: nothing is lost, nothing is done twice, and the sweeper has nothing to do (I16)."""

import asyncio
import random

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.nodes import Notes


async def test_a_mixed_load_needs_no_rescue(client: Client, new_worker: NewWorker, notes: Notes) -> None:
    """Parked and warm starts, sleeps that park, short naps, stops, few places, two workers."""
    workers = [await new_worker(concurrency=3, warm_seconds=0.1), await new_worker(concurrency=2, warm_seconds=0.02)]
    dice = random.Random(11)

    def nap(milliseconds: int) -> dict[str, object]:
        return {"id": f"nap{milliseconds}", "type": "time.sleep", "inputs": {"durationMs": milliseconds}}

    shapes = ([witness("a", notes)], [witness("a", notes), nap(30)], [nap(1000), witness("a", notes)])
    flows = [await client.flow(nodes, in_a_row(nodes)) for nodes in shapes]

    async def one_execution() -> tuple[str, str]:
        execution = await client.create(dice.choice(flows))
        # Some are started while they are being claimed, some while they are warm, some when they are parked.
        await asyncio.sleep(dice.choice([0, 0.01, 0.1, 0.5]))
        if dice.random() < 0.2:
            await client.stop(execution)
            return execution, "STOPPED"
        await client.start(execution)
        return execution, "COMPLETED"

    made = await asyncio.gather(*(one_execution() for _ in range(150)))
    for status in ("COMPLETED", "STOPPED"):
        await client.all_ended([execution for execution, wanted in made if wanted == status], status)
    assert [worker.parts.sweeper.rescues for worker in workers] == [0, 0]
    assert set(notes.count("began").values()) == {1}
    assert notes.count("began") == notes.count("ended")
    assert await client.pool.fetchval("select sum(failure_count) from executions") == 0
    assert await client.pool.fetchval("select count(*) from execution_events where type = 'EXECUTION_RECOVERED'") == 0
    for worker in workers:
        await eventually(lambda worker=worker: worker.parts.claimer.slots.free == worker.parts.claimer.slots.limit)  # type: ignore[misc]
