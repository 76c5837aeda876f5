"""When a node with effects may start: after its start is committed under its claim, with a lease that is certain."""

import pytest

from jobs.sweeper import Sweeper
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import witness
from tests.jobs.nodes import Notes
from tests.pauses import paused


async def test_an_effect_waits_until_its_start_is_committed(
    client: Client, new_worker: NewWorker, notes: Notes, database_url: str
) -> None:
    await new_worker()
    execution = await client.create(await client.flow([witness("a", notes)]))
    async with paused(database_url, "insert", "execution_events") as pause:
        await client.start(execution)
        await pause.reached()
        assert notes.nodes("began") == []
        await pause.end()
    await client.ended(execution)
    assert notes.nodes("began") == ["a"]


async def test_a_pure_node_runs_ahead_of_its_commit(client: Client, new_worker: NewWorker, database_url: str) -> None:
    """Its start, its end, and the start of what follows it are in one append."""
    await new_worker()
    nodes = [{"id": "one", "type": "value.number", "inputs": {"value": 1}}, {"id": "out", "type": "flow.output"}]
    nodes[1]["inputs"] = {"name": "value"}
    execution = await client.run(await client.flow(nodes, [("one.value", "out.value")]))
    await client.ended(execution)
    commits = "select count(distinct xmin::text) from execution_events where execution_id = $1 and index >= 0"
    assert await client.pool.fetchval(commits, execution) == 1


async def test_no_effect_starts_while_the_last_good_beat_is_older_than_the_lease(
    client: Client, new_worker: NewWorker, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It may see by itself that it was silent for a lease, and would end.
    monkeypatch.setattr(Sweeper, "_silent", lambda sweeper, current: [])
    worker = await new_worker(lease=1.0)
    execution = await client.create(await client.flow([witness("a", notes)]))
    await client.held(execution)
    async with client.pool.acquire() as blocker, blocker.transaction():
        await blocker.execute("select * from workers for update")
        await eventually(lambda: not worker.parts.heartbeat.is_fresh)
        await client.start(execution)
        await client.saw(execution, "NODE_STARTED")
        assert notes.nodes("began") == []
    await client.ended(execution)
    assert notes.nodes("began") == ["a"]
