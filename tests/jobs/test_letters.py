"""Letters of the family, of which there may be more than are read at once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from jobs import mailroom
from storage.inbox import InboxRow
from storage.pool import Connection
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import witness
from tests.jobs.nodes import Notes

TELL = """insert into inbox (execution_id, kind, body)
    select $1, 'CHILD_ENDED', json_build_object('childExecutionId', 'EX' || n, 'outputs', '{}'::json)
    from generate_series(1, $2::integer) as n"""
"""The ends of children that nobody knows: they are acted on, and change nothing."""


@pytest.fixture(autouse=True)
def _poll_comes_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailroom, "POLL_SECONDS", 600.0)


@pytest.fixture
async def busy(client: Client, new_worker: NewWorker, notes: Notes, gate: Path) -> str:
    """An execution with a node that runs until the gate opens, so that it is not let go of."""
    await new_worker()
    execution = await client.run(await client.flow([witness("busy", notes, gate)]))
    await eventually(lambda: notes.nodes("began") == ["busy"])
    return execution


async def all_are_acted_on(client: Client, execution: str) -> None:
    async def are() -> bool:
        return not await client.pool.fetchval("select count(*) from inbox where execution_id = $1", execution)

    await eventually(are)


async def test_thousands_of_letters_are_acted_on_page_by_page_while_a_node_runs(
    client: Client, busy: str, gate: Path
) -> None:
    await client.pool.execute(TELL, busy, 2_500)
    client.tell(busy)
    await all_are_acted_on(client, busy)
    gate.touch()
    await client.ended(busy)


async def test_what_follows_a_page_that_was_acted_on_while_it_was_read_again_is_read_too(
    client: Client, busy: str, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    is_committed, read_inbox = asyncio.Event(), mailroom.read_inbox

    async def slow(connection: Connection, ids: Sequence[str]) -> dict[str, list[InboxRow]]:
        found = await read_inbox(connection, ids)
        reads.append(len(found[busy]))
        if len(reads) == 2:
            await is_committed.wait()
        return found

    monkeypatch.setattr(mailroom, "read_inbox", slow)
    await client.pool.execute(TELL, busy, 1_000)
    async with client.pool.acquire() as connection, connection.transaction():
        # The append of the first page has to wait for this, and the first page is whole.
        await connection.execute("select from execution_heads where execution_id = $1 for update", busy)
        client.tell(busy)
        await eventually(lambda: len(reads) == 1)
        await client.pool.execute(TELL, busy, 500)
        client.tell(busy)
        await eventually(lambda: len(reads) == 2)

    async def is_acted_on() -> bool:
        return await client.pool.fetchval("select count(*) from inbox where execution_id = $1", busy) == 500

    await eventually(is_acted_on)
    is_committed.set()
    await all_are_acted_on(client, busy)
    assert reads[:2] == [1_000, 1_000]
    gate.touch()
    await client.ended(busy)
