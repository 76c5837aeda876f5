"""What the command line asks of a server."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson

from engine.errors import TidegateError
from engine.problems import FlowProblemCode
from tidegate.client import Client, Refused
from tidegate.event_stream import Event

PAGE = 1000

_FLOWS = """
query ($name: String!) {
  flows(search: $name, first: 20) { edges { node { id latest { document } } } }
}
"""
_CREATE_FLOW = """
mutation ($document: JSON!) { createFlow(input: {document: $document}) { flow { id } } }
"""
_UPDATE_FLOW = """
mutation ($id: ID!, $document: JSON!) { updateFlow(input: {id: $id, document: $document}) { flow { id } } }
"""
_CREATE_EXECUTION = """
mutation ($flow: ID!, $inputs: JSON!, $debug: Boolean!) {
  createExecution(input: {flowId: $flow, inputs: $inputs, options: {debug: $debug}}) { execution { id } }
}
"""
_START_EXECUTION = """
mutation ($id: ID!) { startExecution(executionId: $id) { execution { id } } }
"""
_EVENTS = """
query ($id: ID!, $from: Int!, $first: Int!) {
  execution(id: $id) {
    events(fromIndex: $from, first: $first) {
      events { executionId index type timestamp data }
      nextIndex
      hasMore
    }
  }
}
"""


class UnknownThere(TidegateError):
    """The server does not know a node type that is known here."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(
            f"{refused.message} It is known here: what the server knows is said by its own TIDEGATE_NODES, and by the "
            "packages that are installed where it runs."
        )


async def published(client: Client, document: Mapping[str, Any]) -> str:
    """The id of a flow whose latest version is exactly this document, which is valid here; it is created if there is
    none. Raises `UnknownThere` where the server has other node types."""
    # Compared as text: to Python 1 equals 1.0 and true, to a flow they differ.
    text = orjson.dumps(document)
    data = await client.ask(_FLOWS, name=document["name"])
    for edge in data["flows"]["edges"]:
        if orjson.dumps(edge["node"]["latest"]["document"]) == text:
            return str(edge["node"]["id"])
    try:
        return await create_flow(client, document)
    except Refused as refused:
        if FlowProblemCode.UNKNOWN_TYPE in refused.problems:
            raise UnknownThere(refused) from None
        raise


async def create_flow(client: Client, document: Mapping[str, Any]) -> str:
    """Create a flow and give its id."""
    data = await client.ask(_CREATE_FLOW, document=document)
    return str(data["createFlow"]["flow"]["id"])


async def update_flow(client: Client, flow_id: str, document: Mapping[str, Any]) -> None:
    """Give a flow a new version."""
    await client.ask(_UPDATE_FLOW, id=flow_id, document=document)


async def create_execution(client: Client, flow_id: str, inputs: Mapping[str, Any], *, debug: bool = False) -> str:
    """Create an execution of a flow's latest version, which waits for its start, and give its id.

    With `debug` everything is recorded, what nodes log included.
    """
    data = await client.ask(_CREATE_EXECUTION, flow=flow_id, inputs=inputs, debug=debug)
    return str(data["createExecution"]["execution"]["id"])


async def start_execution(client: Client, execution_id: str) -> None:
    """Let an execution run."""
    await client.ask(_START_EXECUTION, id=execution_id)


async def recorded_events(client: Client, execution_id: str, from_index: int) -> AsyncGenerator[Event, None]:
    """What the log has now, from an index on."""
    more = True
    while more:
        data = await client.ask(_EVENTS, id=execution_id, **{"from": from_index, "first": PAGE})
        page = data["execution"]["events"]
        for event in page["events"]:
            yield event
        from_index, more = page["nextIndex"], page["hasMore"]
