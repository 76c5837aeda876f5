"""Families for tests of the API, and who watches them."""

from typing import Any

import asyncpg

from tests.api.client import Client, Json, Socket
from tests.tree_rules import Seen

LEAF: Json = {
    "name": "Leaf",
    "nodes": [{"id": "item", "type": "flow.input", "inputs": {"name": "item"}}],
    "edges": [],
}

WATCH_TREE = """subscription($id: ID!, $after: String, $types: [ExecutionEventType!]! = [],
                             $size: Int! = 100, $wait: Int! = 25) {
  executionTreeEvents(executionId: $id, after: $after, eventTypes: $types, batchSize: $size, batchTimeoutMs: $wait) {
    cursor caughtUp
    events { level event { executionId index type ... on ChildEvent { childExecutionId } } }
  }
}"""


def mapping(called: str, count: int) -> Json:
    """A flow that runs another one so many times."""
    item = {"id": "item", "type": "flow.input", "inputs": {"name": "item", "default": 0}}
    run = {"id": "map", "type": "flow.map", "inputs": {"flowId": called, "items": list(range(count))}}
    return {"name": "Mapping", "nodes": [item, run], "edges": []}


async def create_tree(client: Client, children: int, grandchildren: int, **given: Any) -> str:
    """An execution whose children run executions of their own; gives its id."""
    leaf = await client.create_flow(**LEAF)
    middle = await client.create_flow(**mapping(leaf, grandchildren))
    root = await client.create_flow(**mapping(middle, children))
    return await client.create_execution(root, inputs={}, **given)


async def spawn(connection: asyncpg.Connection, parent: str, name: str) -> str:
    """Make a child of an execution as a worker's append would."""
    await connection.execute(
        """insert into executions (id, flow_id, flow_version, owner_id, root_id, parent_id, depth, inputs, port_values,
               options)
           select $2, flow_id, flow_version, owner_id, root_id, id, depth + 1, '{}', '[]', options
           from executions where id = $1""",
        parent,
        name,
    )
    await connection.execute("insert into execution_heads (execution_id) values ($1)", name)
    await connection.execute(
        """insert into child_budgets as b (root_id, used) select root_id, 1 from executions where id = $1
           on conflict (root_id) do update set used = b.used + 1""",
        name,
    )
    return name


async def tree_batch(socket: Socket) -> Json:
    """The next batch."""
    return (await socket.next())["executionTreeEvents"]


async def watch_tree(socket: Socket, execution: str, operation: str = "1", **given: Any) -> Json:
    """Subscribe and give the first batch."""
    await socket.subscribe(WATCH_TREE, operation, id=execution, **given)
    return await tree_batch(socket)


async def rest_of_tree(socket: Socket) -> list[Json]:
    """Every batch until the stream completes."""
    batches = []
    while (message := await socket.receive())["type"] == "next":
        assert "errors" not in message["payload"], message
        batches.append(message["payload"]["data"]["executionTreeEvents"])
    assert message["type"] == "complete", message
    return batches


async def whole_tree(socket: Socket, execution: str, **given: Any) -> list[Json]:
    """Subscribe and give every batch until the stream completes."""
    await socket.subscribe(WATCH_TREE, id=execution, **given)
    return await rest_of_tree(socket)


def events_of(*batches: Json) -> list[Json]:
    return [event for each in batches for event in each["events"]]


def seen_in(*batches: Json) -> list[Seen]:
    """The events of batches, for the rules."""
    shown = [event["event"] for event in events_of(*batches)]
    return [Seen(each["executionId"], each["index"], each["type"], each.get("childExecutionId")) for each in shown]
