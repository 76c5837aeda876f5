"""From the SIGKILL of a worker to another one going on where it was."""

import asyncio

from bench.client import Client
from bench.figures import Figure, rounded
from bench.flows import naps
from bench.stage import Stage, worker
from engine.options import ExecutionOptions
from engine.status import ExecutionCommand

LEASES = (2, 10)
EXECUTIONS = 20
NODES = 10_000
NODE_MS = 5
BEGUN = """select count(distinct execution_id) from execution_events where type = 'NODE_COMPLETED'
    and execution_id = any ($1::text[])"""
RECOVERED = """select count(distinct execution_id) from execution_events where type = 'EXECUTION_RECOVERED'
    and execution_id = any ($1::text[])"""
STOPPED = "select count(*) from executions where status = 'STOPPED' and id = any ($1::text[])"
GAPS = """
select max(extract(epoch from next.timestamp - last.timestamp)) from execution_events next
join execution_events last on last.execution_id = next.execution_id and last.index = next.index - 1
where next.type = 'EXECUTION_RECOVERED' and next.execution_id = any ($1::text[])
"""


async def measure(stage: Stage) -> None:
    """Print how long an execution stands still at most, for a short lease and for the default."""
    async with Client(stage) as client:
        flow_id = await client.flow(naps(NODES, NODE_MS))
        for lease in LEASES:
            seconds = await _kill(stage, client, flow_id, lease)
            Figure(f"recovery_with_lease_of_{lease}", rounded(seconds), "s", f"<= {lease + 2}").print()


async def _kill(stage: Stage, client: Client, flow_id: str, lease: int) -> float:
    settings = {"TIDEGATE_LEASE_SECONDS": str(lease)}
    async with worker(stage, **settings) as victim:
        ids = [await client.create(flow_id, ExecutionOptions()) for _ in range(EXECUTIONS)]
        for execution_id in ids:
            await client.start(execution_id)
        await _until_all(stage, BEGUN, ids)
        async with worker(stage, **settings):
            victim.kill()
            await _until_all(stage, RECOVERED, ids)
            seconds: float = await stage.pool.fetchval(GAPS, ids)
            for execution_id in ids:
                await client.send(execution_id, ExecutionCommand.STOP)
            await _until_all(stage, STOPPED, ids)
    return float(seconds)


async def _until_all(stage: Stage, query: str, ids: list[str]) -> None:
    async with asyncio.timeout(60):
        while await stage.pool.fetchval(query, ids) < len(ids):
            await asyncio.sleep(0.01)
