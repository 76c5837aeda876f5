"""A subscriber to a whole tree that loses its connection at random moments and resumes by one of its last cursors."""

import json
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection

from tests.faults.service import ApiProcess
from tests.faults.subscriber import OVERLAP, StreamFailed, Subscriber
from tests.tree_rules import Seen

TREE_SUBSCRIPTION = """subscription($id: ID!, $after: String) { executionTreeEvents(executionId: $id, after: $after) {
    events { event { executionId index type ... on ChildEvent { childExecutionId } } } cursor } }"""


class TreeSubscriber(Subscriber):
    """Reads a tree to its end; `stream` is what it saw, each event once."""

    def __init__(self, execution: str, some_api: Callable[[], ApiProcess], chance: random.Random) -> None:
        super().__init__(execution, some_api, chance)
        self.stream: list[Seen] = []
        self._cursors: list[tuple[str | None, int]] = [(None, 0)]
        self._at = 0

    async def _batches(self, socket: ClientConnection) -> AsyncIterator[Any]:
        cursor, self._at = self._chance.choice(self._cursors[-OVERLAP:])
        await socket.send(json.dumps({"type": "connection_init"}))
        await socket.recv()
        payload = {"query": TREE_SUBSCRIPTION, "variables": {"id": self.execution, "after": cursor}}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        while (message := json.loads(await socket.recv()))["type"] == "next":
            yield message["payload"]["data"]["executionTreeEvents"]
        if message["type"] != "complete":
            raise StreamFailed(message)

    def _take(self, batch: Any) -> None:
        for each in batch["events"]:
            event = each["event"]
            self._see(Seen(event["executionId"], event["index"], event["type"], event.get("childExecutionId")))
        self._cursors.append((batch["cursor"], self._at))

    def _see(self, event: Seen) -> None:
        if self._at == len(self.stream):
            self.stream.append(event)
        elif self.stream[self._at] != event:
            self.violations.append(
                f"I7: place {self._at} of the tree {self.execution} was {self.stream[self._at]}, is {event}"
            )
        self._at += 1
