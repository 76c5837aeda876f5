"""The four calls of a client: create, subscribe, start, read. Needs httpx2, websockets and `tidegate dev`.

.venv/bin/python examples/client.py [http://127.0.0.1:8000/graphql]
"""

import asyncio
import json
import sys
from typing import Any

import httpx2
from websockets.asyncio.client import connect

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/graphql"

FLOW = {
    "tidegate": 1,
    "name": "Greeting",
    "nodes": [
        {"id": "name", "type": "flow.input", "inputs": {"name": "name", "schema": {"type": "string"}}},
        {"id": "hello", "type": "value.text", "inputs": {"value": "Hello"}},
        {"id": "words", "type": "flow.collect"},
        {"id": "text", "type": "text.join", "inputs": {"separator": ", "}},
        {"id": "out", "type": "flow.output", "inputs": {"name": "greeting"}},
    ],
    "edges": [
        {"from": "hello.value", "to": "words.items"},
        {"from": "name.value", "to": "words.items"},
        {"from": "words.items", "to": "text.parts"},
        {"from": "text.text", "to": "out.value"},
    ],
}


async def ask(http: httpx2.AsyncClient, query: str, **variables: Any) -> Any:
    body = (await http.post(URL, json={"query": query, "variables": variables})).json()
    if "errors" in body:
        raise SystemExit(body["errors"][0]["message"])
    return body["data"]


async def subscribe(socket: Any, execution: str) -> None:
    await socket.send(json.dumps({"type": "connection_init"}))
    await socket.recv()
    query = (
        "subscription ($id: ID!) { executionEvents(executionId: $id) { events { index type data } nextIndex status } }"
    )
    payload = {"query": query, "variables": {"id": execution}}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


async def main() -> None:
    socket_url = URL.replace("http", "ws", 1)
    async with httpx2.AsyncClient() as http, connect(socket_url, subprotocols=["graphql-transport-ws"]) as socket:
        created = await ask(http, "mutation ($d: JSON!) { createFlow(input: {document: $d}) { flow { id } } }", d=FLOW)
        flow = created["createFlow"]["flow"]["id"]

        created = await ask(
            http,
            'mutation ($f: ID!) { createExecution(input: {flowId: $f, inputs: {name: "world"}}) { execution { id } } }',
            f=flow,
        )
        execution = created["createExecution"]["execution"]["id"]

        await subscribe(socket, execution)
        while (message := json.loads(await socket.recv()))["type"] == "next":
            batch = message["payload"]["data"]["executionEvents"]
            for event in batch["events"]:
                print(event["index"], event["type"], event["data"].get("nodeId", ""))
            if batch["status"] == "CREATED":
                await ask(
                    http, "mutation ($id: ID!) { startExecution(executionId: $id) { execution { id } } }", id=execution
                )

        read = await ask(http, "query ($id: ID!) { execution(id: $id) { status outputs } }", id=execution)
        print(read["execution"])


if __name__ == "__main__":
    asyncio.run(main())
