"""Large flows: the time must grow with the nodes, not faster, and the worker's memory must stay small."""

import psutil

from bench.client import Client
from bench.figures import Figure, rounded
from bench.flows import Document, chain, fan_out
from bench.stage import Stage, worker
from engine.options import ExecutionOptions
from engine.status import RecordEvents

SIZES = (1250, 5000)
MIB = 1024 * 1024


async def measure(stage: Stage) -> None:
    """Print the time of each size, how it grows, and the worker's memory after all of them."""
    async with worker(stage) as running, Client(stage) as client:
        for name, make in (("chain", chain), ("fan_out", fan_out)):
            await _grow(client, name, [make(size) for size in SIZES])
        _report_memory(running)


async def _grow(client: Client, name: str, documents: list[Document]) -> None:
    options = ExecutionOptions(record_events=RecordEvents.ALL)
    times = []
    for size, document in zip(SIZES, documents, strict=True):
        flow_id = await client.flow(document)
        await client.run_many(flow_id, 1, 1, options)
        times.append(min([await client.run_many(flow_id, 1, 1, options) for _ in range(3)]))
        Figure(f"{name}_of_{size}", rounded(times[-1]), "s").print()
    growth = (times[-1] / times[0]) / (SIZES[-1] / SIZES[0])
    Figure(f"{name}_growth", rounded(growth), "x of linear", "about 1").print()


def _report_memory(running: psutil.Process) -> None:
    resident = running.memory_info().rss / MIB
    Figure("worker_memory_after_large_flows", rounded(resident), "MiB", "<= 250").print()
