"""Families: one parent with 1,000 children, and 100 levels of calls, on one worker with four places."""

from bench.client import Client
from bench.figures import Figure, rounded
from bench.flows import calling, doubling, mapping
from bench.stage import Stage, worker
from engine.options import ExecutionOptions

CHILDREN = 1000
LEVELS = 100
CONCURRENCY = 4


async def measure(stage: Stage) -> None:
    """Print the seconds from the creation of the root to the completion of its whole tree."""
    async with worker(stage, TIDEGATE_WORKER_CONCURRENCY=str(CONCURRENCY)), Client(stage) as client:
        called = await client.flow(doubling())
        parent = await client.flow(mapping(called, CHILDREN))
        seconds = await client.run_many(parent, 1, 1, ExecutionOptions())
        Figure("parent_with_1000_children", rounded(seconds), "s", "<= 10").print()
        flow_id = await client.flow({"tidegate": 1, "name": "Leaf", "nodes": [{"id": "now", "type": "time.now"}]})
        for _ in range(LEVELS):
            flow_id = await client.flow(calling(flow_id))
        seconds = await client.run_many(flow_id, 1, 1, ExecutionOptions())
        Figure("calls_100_levels_deep", rounded(seconds), "s").print()
