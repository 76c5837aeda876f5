"""Trees that real workers run, watched while they grow, and compared with their logs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.families import doubling, item_input, mapping
from tests.jobs.flows import witness
from tests.jobs.nodes import Notes
from tests.storage.watching import Watching, after, check_against_logs, joined, seen, watched, watching_on
from tests.tree_rules import check_order


@pytest.fixture
async def watching(client: Client, database_url: str) -> AsyncIterator[Watching]:
    """All that follows trees in one process, as the API has it."""
    async with watching_on(client.pool, database_url, poll_seconds=1.0) as started:
        yield started


async def mapping_of_mappings(client: Client, called: str, children: int, grandchildren: int) -> str:
    """A flow whose children run another flow several times each."""
    nodes = [
        item_input(),
        {"id": "map", "type": "flow.map", "inputs": {"flowId": called, "items": list(range(grandchildren))}},
    ]
    return await mapping(client, await client.flow(nodes), list(range(children)))


async def test_a_tree_with_grandchildren_is_seen_whole_and_in_order_while_it_runs(
    client: Client, new_worker: NewWorker, watching: Watching
) -> None:
    execution = await client.create(await mapping_of_mappings(client, await doubling(client), 5, 4))
    early = [asyncio.create_task(watched(watching.tailer, execution, limit=limit)) for limit in (3, 1_000)]
    await joined(watching.tailer)
    await new_worker()
    await new_worker()
    await client.start(execution)
    await eventually(lambda: watching.tailer._tails[execution].window.end > 10)
    middle = asyncio.create_task(watched(watching.tailer, execution))
    await client.ended(execution)
    rows = await early[0]
    await check_against_logs(client.pool, execution, rows)
    assert {row.level for row in rows} == {0, 1, 2}
    assert len({row.execution_id for row in rows}) == 1 + 5 + 20
    assert await early[1] == await middle == rows
    for row in rows[:: len(rows) // 20]:
        assert await watched(watching.tailer, execution, place=after(row)) == rows[row.place + 1 :]


async def test_a_child_that_is_watched_ends_before_its_parent(
    client: Client, new_worker: NewWorker, watching: Watching, notes: Notes, gate: Path
) -> None:
    await new_worker()
    called = await client.flow([item_input(), witness("slow", notes, gate)])
    execution = await client.run(await mapping_of_mappings(client, called, 2, 2))
    spawned = await client.saw(execution, "CHILD_EXECUTION_SPAWNED")
    watcher = asyncio.create_task(watched(watching.tailer, execution, spawned["childExecutionId"]))
    await joined(watching.tailer)
    gate.touch()
    rows = await watcher
    check_order(seen(rows))
    assert {row.level for row in rows} == {1, 2}
    assert len({row.execution_id for row in rows}) == 3
    await client.ended(execution)


async def test_a_worker_that_is_killed_leaves_no_hole_in_the_stream(
    client: Client, new_process: NewProcess, watching: Watching, notes: Notes, gate: Path
) -> None:
    called = await client.flow([item_input(), witness("slow", notes, gate)])
    execution = await client.create(await mapping_of_mappings(client, called, 3, 3))
    watcher = asyncio.create_task(watched(watching.tailer, execution))
    await joined(watching.tailer)
    doomed = await new_process()
    await client.start(execution)
    await eventually(lambda: len(notes.nodes("began")) == 9)
    doomed.kill()
    await new_process()
    gate.touch()
    await client.ended(execution)
    rows = await watcher
    await check_against_logs(client.pool, execution, rows)
    assert "EXECUTION_RECOVERED" in {row.type for row in rows}


async def test_a_tree_that_is_stopped_is_seen_to_its_last_end(
    client: Client, new_worker: NewWorker, watching: Watching, notes: Notes, gate: Path
) -> None:
    await new_worker()
    called = await client.flow([item_input(), witness("slow", notes, gate)])
    execution = await client.run(await mapping_of_mappings(client, called, 3, 2))
    watcher = asyncio.create_task(watched(watching.tailer, execution))
    await eventually(lambda: len(notes.nodes("began")) == 6)
    await client.stop(execution)
    rows = await watcher
    await check_against_logs(client.pool, execution, rows)
    assert [row.type for row in rows].count("FLOW_CANCELLED") == 1 + 3 + 6
