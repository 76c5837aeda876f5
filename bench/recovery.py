"""From the SIGKILL of a worker to another one going on where it was."""

import asyncio
from contextlib import suppress

import asyncpg

from bench.client import Client
from bench.figures import Figure, rounded
from bench.flows import naps
from bench.stage import Stage, worker
from engine.errors import InvalidState
from engine.options import ExecutionOptions
from engine.status import ExecutionCommand

LEASES = (2, 10)
EXECUTIONS = 40
NODES = 1000
NODE_MS = 5
BEGUN = """select count(distinct execution_id) from execution_events where type = 'NODE_COMPLETED'
    and execution_id = any ($1::text[])"""
GOING_ON = """
select count(distinct recovered.execution_id) from execution_events recovered
join execution_events started on started.execution_id = recovered.execution_id and started.index > recovered.index
where recovered.type = 'EXECUTION_RECOVERED' and started.type = 'NODE_STARTED'
    and recovered.execution_id = any ($1::text[])
"""
LOST = """
select h.execution_id from execution_heads h join workers w on w.id = h.worker_id
where h.execution_id = any ($1::text[]) and w.pid = $2
"""
ENDED = "select count(*) from executions where completed_at is not null and id = any ($1::text[])"
GAPS = """
select max(extract(epoch from recovered.timestamp - last.timestamp))::float8 as recovered,
    max(extract(epoch from started.timestamp - last.timestamp))::float8 as started
from execution_events recovered
join execution_events last on last.execution_id = recovered.execution_id and last.index = recovered.index - 1
cross join lateral (
    select min(e.timestamp) as timestamp from execution_events e
    where e.execution_id = recovered.execution_id and e.index > recovered.index and e.type = 'NODE_STARTED'
) started
where recovered.type = 'EXECUTION_RECOVERED' and recovered.execution_id = any ($1::text[])
"""


async def measure(stage: Stage) -> None:
    """Print how long an execution stands still at most, for a short lease and for the default."""
    async with Client(stage) as client:
        flow_id = await client.flow(naps(NODES, NODE_MS))
        for lease in LEASES:
            gaps = await _kill(stage, client, flow_id, lease)
            for what in ("recovered", "started"):
                name, target = f"last_word_to_{what}_with_lease_of_{lease}", f"<= {lease + 2}"
                Figure(name, rounded(gaps[what]), "s", target).print()


async def _kill(stage: Stage, client: Client, flow_id: str, lease: int) -> asyncpg.Record:
    """Give the longest times from the last event before the kill to the recovery and to the next node's start."""
    settings = {"TIDEGATE_LEASE_SECONDS": str(lease)}
    async with worker(stage, **settings) as victim, worker(stage, **settings):
        ids = [await client.create(flow_id, ExecutionOptions()) for _ in range(EXECUTIONS)]
        for execution_id in ids:
            await client.start(execution_id)
        await _until_all(stage, BEGUN, ids)
        victim.kill()
        lost = [row["execution_id"] for row in await stage.pool.fetch(LOST, ids, victim.pid)]
        if not lost:
            raise RuntimeError("The worker that was killed had nothing to do.")
        await _until_all(stage, GOING_ON, lost)
        gaps = await stage.pool.fetchrow(GAPS, lost)
        assert gaps is not None
        for execution_id in ids:
            # The other worker's own may have ended while a long lease ran out.
            with suppress(InvalidState):
                await client.send(execution_id, ExecutionCommand.STOP)
        await _until_all(stage, ENDED, ids)
    return gaps


async def _until_all(stage: Stage, query: str, ids: list[str]) -> None:
    async with asyncio.timeout(60):
        while await stage.pool.fetchval(query, ids) < len(ids):
            await asyncio.sleep(0.01)
