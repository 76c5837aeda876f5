"""A subscriber that loses its connection at random moments and resumes by its cursor, at any of the APIs."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.faults.service import ApiProcess

SUBSCRIPTION = """subscription($id: ID!, $from: Int!) { executionEvents(executionId: $id, fromIndex: $from) {
    events { index type data timestamp } nextIndex } }"""
PATIENCE = 90.0
RETRY_SECONDS = 0.1
OVERLAP = 3
"""How many events before its cursor a subscriber may ask for again: they must be what they were."""

Event = tuple[str, str, Any]
"""Kind, time and data."""


class StreamFailed(Exception):
    """The service has ended a stream with an error."""


class Subscriber:
    """Reads the log of an execution to its end; `events` are what it saw by index."""

    def __init__(self, execution: str, some_api: Callable[[], ApiProcess], chance: random.Random) -> None:
        self.execution = execution
        self._some_api = some_api
        self._chance = chance
        self._next = -1
        self.events: dict[int, Event] = {}
        self.violations: list[str] = []
        self.resumed = -1

    async def run(self) -> None:
        """Read until the stream completes, however many connections that takes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not await self._has_read_to_the_end():
                    await asyncio.sleep(RETRY_SECONDS)
                return
        self.violations.append(f"I7: the stream of {self.execution} did not complete; it is at index {self._next}")

    async def _has_read_to_the_end(self) -> bool:
        self.resumed += 1
        url = self._some_api().socket_url
        try:
            async with asyncio.timeout(self._chance.expovariate(0.5)), connect(
                url, subprotocols=["graphql-transport-ws"], max_size=None, ping_interval=None
            ) as socket:  # fmt: skip
                async for batch in self._batches(socket):
                    self._take(batch)
                return True
        except (OSError, TimeoutError, WebSocketException, StreamFailed):
            return False

    async def _batches(self, socket: ClientConnection) -> AsyncIterator[Any]:
        """The batches of one connection; ends when the stream completes."""
        begin = max(self._next - self._chance.randint(0, OVERLAP), -1)
        await socket.send(json.dumps({"type": "connection_init"}))
        await socket.recv()
        payload = {"query": SUBSCRIPTION, "variables": {"id": self.execution, "from": begin}}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        self._next = begin
        while (message := json.loads(await socket.recv()))["type"] == "next":
            yield message["payload"]["data"]["executionEvents"]
        if message["type"] != "complete":
            raise StreamFailed(message)

    def _take(self, batch: Any) -> None:
        for event in batch["events"]:
            if event["index"] != self._next:
                self.violations.append(f"I7: {self.execution} gave {event['index']} after {self._next - 1}")
            self._next = event["index"] + 1
            self._note(event)
        if batch["nextIndex"] != self._next:
            self.violations.append(f"I7: {self.execution} said to go on at {batch['nextIndex']}, not at {self._next}")

    def _note(self, event: Any) -> None:
        seen = (event["type"], event["timestamp"], event["data"])
        known = self.events.setdefault(event["index"], seen)
        if known != seen:
            self.violations.append(f"I2: event {event['index']} of {self.execution} has changed: {known} is {seen}")
