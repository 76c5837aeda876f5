"""Executions that were created and never started: they must cost rows, not workers."""

import asyncio

import psutil

from bench.client import Client
from bench.figures import Figure, rounded
from bench.flows import chain
from bench.stage import Stage, worker
from engine.options import ExecutionOptions

COUNT = 10_000
AT_ONCE = 50
CONCURRENCY = 4
MIB = 1024 * 1024
PATIENCE_SECONDS = 120.0


async def measure(stage: Stage) -> None:
    """Print the worker's growth while 10,000 wait, and how quickly a started one still runs among them."""
    async with worker(stage, TIDEGATE_WORKER_CONCURRENCY=str(CONCURRENCY)) as running, Client(stage) as client:
        flow_id = await client.flow(chain(10))
        await client.run_many(flow_id, 50, CONCURRENCY, ExecutionOptions())
        before = running.memory_info().rss
        peak = await _create_all(client, flow_id, stage, running)
        Figure("unstarted_10000_worker_memory", rounded((peak - before) / MIB), "MiB more", "<= 100").print()
        seconds = await client.run_many(flow_id, 1, 1, ExecutionOptions())
        Figure("unstarted_10000_then_run_one", rounded(seconds * 1000), "ms", note="create to completed").print()


async def _create_all(client: Client, flow_id: str, stage: Stage, running: psutil.Process) -> int:
    peak = 0
    options = ExecutionOptions(start_timeout_ms=3_600_000)
    for _ in range(COUNT // AT_ONCE):
        await asyncio.gather(*(client.create(flow_id, options) for _ in range(AT_ONCE)))
        peak = max(peak, running.memory_info().rss)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await stage.pool.fetchval("select count(*) from queue"):
            peak = max(peak, running.memory_info().rss)
            await asyncio.sleep(0.2)
    return peak
