"""From a client's startExecution to its FLOW_STARTED, over HTTP and a WebSocket, with nothing else going on."""

import asyncio
import json
import time
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.client import Client
from bench.figures import Figure, percentile, rounded
from bench.flows import chain
from bench.stage import Stage, api, worker

PROTOCOL = Subprotocol("graphql-transport-ws")
WARM_UP = 5
COUNT = 60
HTTP_COUNT = 400
HTTP_CONCURRENCY = 16

CREATE_FLOW = "mutation ($document: JSON!) { createFlow(input: {document: $document}) { flow { id } } }"
CREATE = "mutation ($flowId: ID!) { createExecution(input: {flowId: $flowId}) { execution { id } } }"
START = "mutation ($id: ID!) { startExecution(executionId: $id) { execution { id } } }"
WATCH = """subscription ($id: ID!) {
  executionEvents(executionId: $id, batchTimeoutMs: 0) { events { type } }
}"""


class Caller:
    """Sends GraphQL requests over one HTTP connection pool."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client

    async def call(self, query: str, **variables: Any) -> dict[str, Any]:
        """Run an operation; gives its data."""
        response = await self._client.post(self._url, json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        if "errors" in answer:
            raise RuntimeError(str(answer["errors"]))
        data: dict[str, Any] = answer["data"]
        return data

    async def create(self, flow_id: str) -> str:
        """Create an execution; gives its id."""
        data = await self.call(CREATE, flowId=flow_id)
        execution_id: str = data["createExecution"]["execution"]["id"]
        return execution_id


async def measure(stage: Stage) -> None:
    """Print the latency of a start, and what the same gated executions cost through HTTP."""
    async with worker(stage), api(stage) as url, httpx.AsyncClient() as http:
        caller = Caller(url, http)
        flow_id = (await caller.call(CREATE_FLOW, document=chain(10)))["createFlow"]["flow"]["id"]
        times = [await _start_to_event(caller, url, flow_id) for _ in range(WARM_UP + COUNT)][WARM_UP:]
        Figure("start_to_flow_started_p50", rounded(percentile(times, 0.5)), "ms", "<= 15").print()
        Figure("start_to_flow_started_p95", rounded(percentile(times, 0.95)), "ms").print()
        await _through_http(stage, caller, flow_id)


async def _start_to_event(caller: Caller, url: str, flow_id: str) -> float:
    execution_id = await caller.create(flow_id)
    address = url.replace("http", "ws", 1)
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        await socket.recv()
        payload = {"query": WATCH, "variables": {"id": execution_id}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        await socket.recv()
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        starting = asyncio.create_task(caller.call(START, id=execution_id))
        await _until_started(socket)
        took = (time.perf_counter() - began) * 1000
        await starting
        return took


async def _until_started(socket: ClientConnection) -> None:
    while "FLOW_STARTED" not in str(await socket.recv()):
        pass


async def _through_http(stage: Stage, caller: Caller, flow_id: str) -> None:
    gate = asyncio.Semaphore(HTTP_CONCURRENCY)

    async def one() -> str:
        async with gate:
            execution_id = await caller.create(flow_id)
            await caller.call(START, id=execution_id)
            return execution_id

    began = time.perf_counter()
    ids = set(await asyncio.gather(*(one() for _ in range(HTTP_COUNT))))
    async with Client(stage) as client:
        await client.until_ended(ids)
    rate = HTTP_COUNT / (time.perf_counter() - began)
    Figure(
        "chains_of_10_through_http", rounded(rate), "executions/s", note="createExecution and startExecution"
    ).print()
