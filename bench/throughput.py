"""Gated executions of 10-node chains, 64 at a time: create, start, run, complete."""

from bench.client import Client
from bench.figures import Figure, rounded
from bench.flows import chain
from bench.stage import Stage, worker
from engine.options import ExecutionOptions
from engine.status import RecordEvents

NODES = 10
CONCURRENCY = 64
WARM_UP = 200
COUNT = 2000
TARGET = ">= 400"


async def measure(stage: Stage, rows_per_second: float) -> None:
    """Print executions and events per second, the latter beside plain batched inserts."""
    async with worker(stage), Client(stage) as client:
        flow_id = await client.flow(chain(NODES))
        for recorded in (RecordEvents.ALL, RecordEvents.NODES):
            options = ExecutionOptions(record_events=recorded)
            await client.run_many(flow_id, WARM_UP, CONCURRENCY, options)
            seconds = await client.run_many(flow_id, COUNT, CONCURRENCY, options)
            await _report(stage, flow_id, recorded, seconds, rows_per_second)


async def _report(stage: Stage, flow_id: str, recorded: RecordEvents, seconds: float, rows_per_second: float) -> None:
    events = await stage.pool.fetchval(
        "select last_index + 2 from execution_heads h join executions e on e.id = h.execution_id"
        " where e.flow_id = $1 order by e.id desc limit 1",
        flow_id,
    )
    rate, event_rate = COUNT / seconds, COUNT * events / seconds
    name = f"chains_of_10_{recorded.lower()}"
    Figure(f"{name}_executions", rounded(rate), "executions/s", TARGET).print()
    Figure(f"{name}_nodes", rounded(rate * NODES), "durable nodes/s").print()
    Figure(
        f"{name}_events",
        rounded(event_rate),
        "events/s",
        baseline="postgres_rows_in_batches_of_100",
        ratio=rounded(event_rate / rows_per_second),
    ).print()
