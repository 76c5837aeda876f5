"""What an execution notices of nodes that block beside it, on one worker: how late its events reach a subscriber."""

import asyncio
import json
import time
from itertools import pairwise

import httpx
from websockets.asyncio.client import connect

from bench.client import Client
from bench.figures import Figure, percentile, rounded
from bench.flows import Document, naps
from bench.latency import CREATE_FLOW, PROTOCOL, START, WATCH, Caller
from bench.stage import Stage, api, worker

NODES = {"TIDEGATE_NODES": "bench.blocking_nodes"}
NAPS, NAP_MS = 200, 20
BLOCKERS = 2
SECONDS = 8.0
"""Longer than the naps take, so that they are blocked beside to their end."""


async def measure(stage: Stage) -> None:
    """Print how much longer than its nap each node takes to be seen to complete: alone, and beside nodes that block."""
    async with (
        worker(stage, **NODES),
        api(stage, **NODES) as url,
        httpx.AsyncClient() as http,
        Client(stage) as client,
    ):
        caller = Caller(url, http)
        flow_id = await _flow(caller, naps(NAPS, NAP_MS))
        await _lateness(caller, url, flow_id)
        _report("nothing", await _lateness(caller, url, flow_id))
        for name in ("thread", "process"):
            blocking = await _flow(caller, _blocking(f"bench.in_{name}"))
            blockers = {await _started(caller, blocking) for _ in range(BLOCKERS)}
            _report(f"{BLOCKERS}_nodes_in_a_{name}", await _lateness(caller, url, flow_id))
            await client.until_ended(blockers)


def _report(beside: str, lateness: list[float]) -> None:
    name = f"lateness_of_events_beside_{beside}"
    Figure(f"{name}_p50", rounded(percentile(lateness, 0.5)), "ms").print()
    Figure(f"{name}_p99", rounded(percentile(lateness, 0.99)), "ms", "<= 50 more than beside nothing").print()
    Figure(f"{name}_max", rounded(max(lateness)), "ms").print()


def _blocking(node_type: str) -> Document:
    node = {"id": "block", "type": node_type, "inputs": {"seconds": SECONDS}}
    return {"tidegate": 1, "name": f"Block {node_type}", "nodes": [node]}


async def _flow(caller: Caller, document: Document) -> str:
    flow_id: str = (await caller.call(CREATE_FLOW, document=document))["createFlow"]["flow"]["id"]
    return flow_id


async def _started(caller: Caller, flow_id: str) -> str:
    execution_id = await caller.create(flow_id)
    await caller.call(START, id=execution_id)
    return execution_id


async def _lateness(caller: Caller, url: str, flow_id: str) -> list[float]:
    """By how many milliseconds more than a nap each NODE_COMPLETED comes after the one before."""
    execution_id = await caller.create(flow_id)
    async with connect(url.replace("http", "ws", 1), subprotocols=[PROTOCOL]) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        await socket.recv()
        payload = {"query": WATCH, "variables": {"id": execution_id}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        starting = asyncio.create_task(caller.call(START, id=execution_id))
        arrivals: list[float] = []
        while len(arrivals) < NAPS:
            arrivals += [time.perf_counter()] * str(await socket.recv()).count('"NODE_COMPLETED"')
        await starting
    return [(later - earlier) * 1000 - NAP_MS for earlier, later in pairwise(arrivals)]
