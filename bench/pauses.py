"""From the acknowledged pause of a running execution to the event that says that no node runs any more."""

import asyncio
import time

from bench.client import Client
from bench.figures import Figure, percentile, rounded
from bench.flows import naps
from bench.stage import Stage, worker
from engine.options import ExecutionOptions
from engine.status import ExecutionCommand

WARM_UP = 5
COUNT = 60
NODES = 200
NODE_MS = 2
LOOK_SECONDS = 0.001


async def measure(stage: Stage) -> None:
    """Print how long it takes from the answer to a pause until FLOW_DRAINED is in the log."""
    async with worker(stage), Client(stage) as client:
        flow_id = await client.flow(naps(NODES, NODE_MS))
        times = [await _pause(stage, client, flow_id, number) for number in range(WARM_UP + COUNT)][WARM_UP:]
        Figure("pause_to_drained_p50", rounded(percentile(times, 0.5)), "ms", "<= 20").print()
        Figure("pause_to_drained_p95", rounded(percentile(times, 0.95)), "ms", "<= 20").print()


async def _pause(stage: Stage, client: Client, flow_id: str, number: int) -> float:
    execution_id = await client.create(flow_id, ExecutionOptions())
    await client.start(execution_id)
    await _until(stage, execution_id, "NODE_COMPLETED")
    await asyncio.sleep(number % 10 / 1000)
    await client.send(execution_id, ExecutionCommand.PAUSE)
    began = time.perf_counter()
    await _until(stage, execution_id, "FLOW_DRAINED")
    took = (time.perf_counter() - began) * 1000
    await client.send(execution_id, ExecutionCommand.STOP)
    return took


async def _until(stage: Stage, execution_id: str, kind: str) -> None:
    query = "select exists (select from execution_events where execution_id = $1 and type = $2)"
    while not await stage.pool.fetchval(query, execution_id, kind):
        await asyncio.sleep(LOOK_SECONDS)
