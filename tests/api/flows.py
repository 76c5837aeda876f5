"""Flows that wait, are told of events, and call each other."""

from tests.api.client import Client, Json

NEEDS_OK: Json = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}

APPROVAL: Json = {
    "name": "Approval",
    "nodes": [
        {"id": "ask", "type": "signal.wait", "inputs": {"name": "approve", "schema": NEEDS_OK}},
        {"id": "out", "type": "flow.output", "inputs": {"name": "answer"}},
    ],
    "edges": [{"from": "ask.payload", "to": "out.value"}],
}
"""Waits for a signal that has to say `ok`, and gives it."""

LISTENING: Json = {
    "name": "Orders",
    "nodes": [
        {"id": "ordinary", "type": "value.text", "inputs": {"value": "no event"}},
        {"id": "order", "type": "event.listen", "inputs": {"eventName": "order"}},
        {"id": "out", "type": "flow.output", "inputs": {"name": "ordered"}},
    ],
    "edges": [{"from": "order.payload", "to": "out.value"}],
}
"""Gives the payload of an order; the node `ordinary` is no part of a run for one."""


def calling(flow_id: str) -> Json:
    """A flow that waits for an approval, runs another one with the number 4, and gives its outputs."""
    return {
        "name": "Caller",
        "nodes": [
            *APPROVAL["nodes"][:1],
            {"id": "call", "type": "flow.call", "inputs": {"flowId": flow_id, "inputs": {"number": 4}}},
            {"id": "out", "type": "flow.output", "inputs": {"name": "outputs"}},
        ],
        "edges": [{"from": "ask.__success", "to": "call.__execute"}, {"from": "call.outputs", "to": "out.value"}],
    }


async def created(client: Client, parts: Json, **given: Json) -> str:
    """Create such a flow and an execution of it; gives the execution's id."""
    return await client.create_execution(await client.create_flow(**parts), inputs={}, **given)
