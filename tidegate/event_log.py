"""tidegate events: an execution's log as lines."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson

from tidegate.client import Client
from tidegate.event_stream import Event, follow
from tidegate.operations import recorded_events

TYPE_WIDTH = 25


async def print_events(
    url: str, token: str | None, execution_id: str, from_index: int, *, follows: bool, as_json: bool
) -> None:
    """Print the events from an index on: those that are there, or all until the execution has ended."""
    async with Client(url, token) as client:
        wanted = _followed if follows else recorded_events
        async with aclosing(wanted(client, execution_id, from_index)) as events:
            async for event in events:
                print(orjson.dumps(event).decode() if as_json else line(event), flush=follows)


async def _followed(client: Client, execution_id: str, from_index: int) -> AsyncGenerator[Event, None]:
    async with aclosing(follow(client.url, execution_id, from_index, token=client.token)) as batches:
        async for batch in batches:
            for event in batch.events:
                yield event


def line(event: Event) -> str:
    """An event as people read it: index, time, type, node, and what else it says as JSON."""
    said: Mapping[str, Any] = {name: value for name, value in event["data"].items() if name != "nodeId"}
    node = f"{event['data']['nodeId']} " if "nodeId" in event["data"] else ""
    return (
        f"{event['index']:>5}  {event['timestamp']}  {event['type']:<{TYPE_WIDTH}}  {node}{orjson.dumps(said).decode()}"
    )
