"""What a worker announces: after the commit, and for everything that it commits."""

import asyncio

import asyncpg

from storage.shards import EVENTS, channels
from tests.eventually import PATIENCE, eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES
from tests.pauses import paused


class Ear:
    """A connection that hears what workers announce, and reads the log at once each time."""

    def __init__(self, connection: asyncpg.Connection, reader: asyncpg.Connection) -> None:
        self._connection = connection
        self._reader = reader
        self._heard: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self.found: list[tuple[str, int, int]] = []

    async def listen(self) -> None:
        """Hear every shard from now on."""
        for channel in channels(EVENTS):
            await self._connection.add_listener(channel, self._hear)

    def _hear(self, connection: object, pid: int, channel: str, payload: object) -> None:
        for pair in str(payload).split():
            execution_id, _, index = pair.rpartition(":")
            self._heard.put_nowait((execution_id, int(index)))

    async def compare(self, until: int) -> None:
        """Read the end of each log that is announced, until an index was announced."""
        index = -1
        while index < until:
            execution_id, index = await asyncio.wait_for(self._heard.get(), PATIENCE)
            query = "select max(index) from execution_events where execution_id = $1"
            self.found.append((execution_id, index, await self._reader.fetchval(query, execution_id)))

    @property
    def has_heard(self) -> bool:
        return not self._heard.empty()


async def ear(database_url: str) -> Ear:
    made = Ear(await asyncpg.connect(database_url), await asyncpg.connect(database_url))
    await made.listen()
    return made


async def close(made: Ear) -> None:
    await made._connection.close()
    await made._reader.close()


async def test_what_is_announced_can_be_read_at_once(client: Client, new_worker: NewWorker, database_url: str) -> None:
    await new_worker()
    listening = await ear(database_url)
    flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
    for _ in range(20):
        execution = await client.run(flow)
        await listening.compare(until=5)
        await client.ended(execution)
    assert all(announced <= read for _, announced, read in listening.found)
    await close(listening)


async def test_nothing_is_announced_before_its_commit(client: Client, new_worker: NewWorker, database_url: str) -> None:
    worker = await new_worker(warm_seconds=30.0)
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await eventually(lambda: worker.parts.claimer.held == 1)
    listening = await ear(database_url)
    async with paused(database_url, "insert", "execution_events") as pause:
        await client.start(execution)
        await pause.reached()
        # A notification of somebody else goes through meanwhile, so that one of the worker would have too.
        await client.pool.execute("select pg_notify($1, 'EX0:0')", channels(EVENTS)[0])
        await listening.compare(until=0)
        assert [execution_id for execution_id, _, _ in listening.found] == ["EX0"]
        assert not listening.has_heard
        await pause.end()
    await listening.compare(until=5)
    assert listening.found[-1] == (execution, 5, 5)
    await close(listening)
