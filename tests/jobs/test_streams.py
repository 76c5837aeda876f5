"""Streams through the whole service: watched over the API, read by nodes, and whole after a SIGKILL."""

from pathlib import Path
from typing import Any

import httpx

from resolvers.viewer import LOCAL
from tests.api.client import Client as ApiClient
from tests.api.client import opened_socket
from tests.api.server import running_server
from tests.eventually import PATIENCE, eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.nodes import REGISTRY, Notes, piece

LARGE = 100_000

WATCH = """subscription($id: ID!) {
  executionEvents(executionId: $id, eventTypes: [NODE_OUTPUT_CHUNK, NODE_COMPLETED]) {
    events { type data ... on NodeOutputChunkEvent { nodeId attempt port sequence count chunk } }
  }
}"""

FORK = """mutation($i: ForkExecutionInput!) { forkExecution(input: $i) { execution { id } } }"""


def document(notes: Notes, gate: Path) -> list[dict[str, Any]]:
    """A stream that stands still at the gate, and one that is over, with large pieces, whose reader does."""
    paths = {"notes": str(notes.path), "gate": str(gate)}
    return [
        {"id": "slow", "type": "test.scribe", "inputs": paths},
        {"id": "reader", "type": "stream.buffer"},
        {"id": "quick", "type": "test.scribe", "inputs": {**paths, "gate": str(notes.path), "size": LARGE}},
        {"id": "listener", "type": "test.listener", "inputs": paths},
        {"id": "out", "type": "flow.output", "inputs": {"name": "out"}},
        {"id": "large", "type": "flow.output", "inputs": {"name": "large"}},
    ]


EDGES = [
    *(("slow.stream", "reader.stream"), ("reader.array", "out.value")),
    *(("quick.stream", "listener.stream"), ("listener.pieces", "large.value")),
]


async def test_a_subscriber_sees_a_stream_while_it_is_written_and_it_is_whole_though_its_worker_was_killed(
    client: Client,
    new_process: NewProcess,
    new_worker: NewWorker,
    notes: Notes,
    gate: Path,
    database_url: str,
    redis_url: str,
) -> None:
    client.owner = LOCAL.id
    doomed = await new_process()
    execution = await client.run(await client.flow(document(notes, gate), EDGES))
    async with (
        running_server(database_url, redis_url, node_types=REGISTRY) as server,
        opened_socket(server) as socket,
        httpx.AsyncClient(timeout=PATIENCE) as http,
    ):
        await socket.subscribe(WATCH, id=execution)
        seen: list[Any] = []
        while pieces_of(seen, "slow", attempt=1) != list("012"):
            seen += (await socket.next())["executionEvents"]["events"]
        await eventually(lambda: notes.nodes("read") == ["listener"])
        assert "slow" not in [
            data["nodeId"] for kind, data in await client.events(execution) if kind == "NODE_COMPLETED"
        ]
        doomed.kill()
        await new_worker()
        await client.saw(execution, "EXECUTION_RECOVERED")
        await eventually(lambda: notes.nodes("read") == ["listener"] * 2)
        gate.touch()
        row = await client.ended(execution)
        chunks = [event for event in seen + await socket.events_to_the_end() if event["type"] == "NODE_OUTPUT_CHUNK"]
        api = ApiClient(server, http)
        outputs = await whole_outputs(api, execution)
        assert outputs == {"out": list("012345"), "large": [piece(number, LARGE) for number in range(6)]}
        assert "out" in row["outputs"]

        assert pieces_of(chunks, "slow", attempt=1) == list("012")
        assert pieces_of(chunks, "slow", attempt=2) == list("012345")
        assert notes.nodes("began") == ["slow", "quick", "slow"]

        forked = await api.ask(FORK, i={"executionId": execution, "fromNodeId": "listener", "autoStart": True})
        fork = forked["forkExecution"]["execution"]["id"]
        await client.ended(fork)
        assert await whole_outputs(api, fork) == outputs
        assert notes.nodes("began") == ["slow", "quick", "slow"]


def pieces_of(events: list[Any], node: str, *, attempt: int) -> list[Any]:
    """What was seen of an attempt's stream, each piece in its place."""
    pieces: list[Any] = []
    for event in events:
        if (event.get("nodeId"), event.get("attempt")) == (node, attempt):
            assert (event["sequence"], event["count"]) == (len(pieces), len(event["chunk"]))
            pieces += event["chunk"]
    return pieces


async def whole_outputs(api: ApiClient, execution: str) -> Any:
    """The outputs with what is too large for them."""
    asked = await api.ask("query($id: ID!) { execution(id: $id) { outputs } }", id=execution)
    outputs = asked["execution"]["outputs"]
    payload = outputs["large"]["$payload"]["id"]
    query = "query($id: ID!, $payload: ID!) { payload(executionId: $id, payloadId: $payload) }"
    return {**outputs, "large": (await api.ask(query, id=execution, payload=payload))["payload"]}
