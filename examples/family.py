"""A flow that runs another one for each of three items: watched as a tree, paused, resumed, and stopped the next time.

Needs httpx2, and a running `tidegate dev`.

.venv/bin/python examples/family.py [http://127.0.0.1:8000/graphql]
"""

import asyncio
import sys
from typing import Any

import httpx2

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/graphql"

PARCEL = {
    "tidegate": 1,
    "name": "One parcel",
    "nodes": [
        {"id": "weight", "type": "flow.input", "inputs": {"name": "weight", "schema": {"type": "number"}}},
        {"id": "on_the_way", "type": "time.sleep", "inputs": {"durationMs": 3000}},
        {"id": "postage", "type": "math.arithmetic", "inputs": {"operation": "multiply", "b": 2}},
        {"id": "out", "type": "flow.output", "inputs": {"name": "postage"}},
    ],
    "edges": [
        {"from": "weight.value", "to": "on_the_way.value"},
        {"from": "on_the_way.value", "to": "postage.a"},
        {"from": "postage.result", "to": "out.value"},
    ],
}


def shipment(parcel: str) -> Any:
    """A flow that sends three parcels at once; it names the flow of one parcel by its id."""
    return {
        "tidegate": 1,
        "name": "Shipment",
        "nodes": [
            {"id": "send", "type": "flow.map", "inputs": {"flowId": parcel, "items": [1, 2.5, 4]}},
            {"id": "out", "type": "flow.output", "inputs": {"name": "postages"}},
        ],
        "edges": [{"from": "send.results", "to": "out.value"}],
    }


async def ask(http: httpx2.AsyncClient, query: str, **variables: Any) -> Any:
    body = (await http.post(URL, json={"query": query, "variables": variables})).json()
    if "errors" in body:
        raise SystemExit(body["errors"][0]["message"])
    return body["data"]


async def create_flow(http: httpx2.AsyncClient, document: Any) -> str:
    query = "mutation ($d: JSON!) { createFlow(input: {document: $d}) { flow { id } } }"
    return str((await ask(http, query, d=document))["createFlow"]["flow"]["id"])


async def begin(http: httpx2.AsyncClient, flow: str) -> str:
    query = "mutation ($f: ID!) { createExecution(input: {flowId: $f, autoStart: true}) { execution { id } } }"
    return str((await ask(http, query, f=flow))["createExecution"]["execution"]["id"])


async def tell(http: httpx2.AsyncClient, command: str, root: str) -> None:
    """Give the root a command; its children follow."""
    print(command)
    await ask(http, f"mutation ($id: ID!) {{ {command}(executionId: $id) {{ execution {{ id }} }} }}", id=root)


async def tree(http: httpx2.AsyncClient, root: str) -> list[str]:
    """The statuses of the root and its children."""
    query = "query ($id: ID!) { executionTree(executionId: $id) { edges { node { level execution { status } } } } }"
    edges = (await ask(http, query, id=root))["executionTree"]["edges"]
    return [edge["node"]["execution"]["status"] for edge in edges]


async def watch(http: httpx2.AsyncClient, root: str, status: str) -> None:
    """Look at the tree, and print it when it has changed, until the root and its three children have the status.

    A child that was quicker than a command has completed.
    """
    seen: list[str] = []
    while len(seen) < 4 or not set(seen) <= {status, "COMPLETED"}:
        if (now := await tree(http, root)) != seen:
            print("  " + " ".join(now))
            seen = now
        await asyncio.sleep(0.1)


async def main() -> None:
    async with httpx2.AsyncClient() as http:
        flow = await create_flow(http, shipment(await create_flow(http, PARCEL)))

        root = await begin(http, flow)
        await watch(http, root, "RUNNING")
        await tell(http, "pauseExecution", root)
        await watch(http, root, "PAUSED")
        await tell(http, "resumeExecution", root)
        await watch(http, root, "COMPLETED")
        print((await ask(http, "query ($id: ID!) { execution(id: $id) { outputs } }", id=root))["execution"]["outputs"])

        root = await begin(http, flow)
        await watch(http, root, "RUNNING")
        await tell(http, "stopExecution", root)
        await watch(http, root, "STOPPED")


if __name__ == "__main__":
    asyncio.run(main())
