"""Flows that run others, and what becomes of their children."""

from typing import Any

import orjson

from tests.eventually import PATIENCE, eventually
from tests.jobs.client import Client


def item_input(name: str = "item") -> dict[str, Any]:
    return {"id": name, "type": "flow.input", "inputs": {"name": name}}


def output(name: str = "result") -> dict[str, Any]:
    return {"id": "out", "type": "flow.output", "inputs": {"name": name}}


async def doubling(client: Client) -> str:
    """A flow that gives twice its item."""
    double = {"id": "double", "type": "math.arithmetic", "inputs": {"b": 2, "operation": "multiply"}}
    return await client.flow(
        [item_input(), double, output()], [("item.value", "double.a"), ("double.result", "out.value")]
    )


async def mapping(client: Client, called: str, items: list[Any], **inputs: Any) -> str:
    """A flow that runs another one for each item; gives `results` and `failed`."""
    nodes = [
        {"id": "map", "type": "flow.map", "inputs": {"flowId": called, "items": items, **inputs}},
        {"id": "results", "type": "flow.output", "inputs": {"name": "results"}},
        {"id": "failed", "type": "flow.output", "inputs": {"name": "failed"}},
    ]
    return await client.flow(nodes, [("map.results", "results.value"), ("map.failed", "failed.value")])


async def calling(client: Client, called: str, **inputs: Any) -> str:
    """A flow that runs another one and gives its outputs."""
    nodes = [{"id": "call", "type": "flow.call", "inputs": {"flowId": called, **inputs}}, output("outputs")]
    return await client.flow(nodes, [("call.outputs", "out.value")])


async def outputs(client: Client, execution: str, within: float = PATIENCE) -> Any:
    return orjson.loads((await client.ended(execution, within=within))["outputs"])


async def children(client: Client, execution: str) -> list[Any]:
    """The children of an execution with their heads, oldest first."""
    query = """select * from executions x join execution_heads h on h.execution_id = x.id
        where x.parent_id = $1 order by x.id"""
    return list(await client.pool.fetch(query, execution))


async def all_children_are(client: Client, execution: str, status: str, count: int) -> None:
    async def so_many() -> bool:
        return [row["status"] for row in await children(client, execution)] == [status] * count

    await eventually(so_many)


async def parked(client: Client, execution: str) -> None:
    async def free() -> bool:
        return (await client.row(execution))["token"] is None

    await eventually(free)
