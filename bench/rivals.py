"""What live events and requests are compared with: `python -m bench.rivals plain|limited|bare PORT`.

`plain` is a query and a subscription as Strawberry's documentation shows them, with an interface, its types, and lists
of objects that are in memory already; `limited` has its limits too. `bare` sends the same JSON, made beforehand, from
a Starlette WebSocket.
"""

import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import MaxAliasesLimiter, QueryDepthLimiter
from strawberry.scalars import JSON
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from resolvers.app import SERVER_OPTIONS

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)


@strawberry.interface
class ExecutionEvent:
    index: int
    type: str
    timestamp: datetime
    data: JSON


@strawberry.type
class NodeStartedEvent(ExecutionEvent):
    node_id: strawberry.ID
    idempotency_key: str


@strawberry.type
class NodeCompletedEvent(ExecutionEvent):
    node_id: strawberry.ID
    execution_time: float


@strawberry.type
class Batch:
    events: list[ExecutionEvent]
    next_index: int


def _json(data: dict[str, Any]) -> Any:
    """The data of a field of the scalar JSON, whose class is no type that it has."""
    return data


def event(index: int) -> ExecutionEvent:
    """An event as the measured logs have them."""
    if index % 2:
        data = {"nodeId": "n1", "nodeType": "math.arithmetic", "attempt": 1, "outputs": {"result": 12}}
        return NodeCompletedEvent(
            index=index,
            type="NODE_COMPLETED",
            timestamp=MOMENT,
            data=_json({**data, "executionTime": 0.25}),
            node_id=strawberry.ID("n1"),
            execution_time=0.25,
        )
    data = {"nodeId": "n1", "nodeType": "math.arithmetic", "attempt": 1, "inputs": {"a": 4, "b": 3}}
    return NodeStartedEvent(
        index=index,
        type="NODE_STARTED",
        timestamp=MOMENT,
        data=_json({**data, "idempotencyKey": "k"}),
        node_id=strawberry.ID("n1"),
        idempotency_key="k",
    )


@strawberry.type
class Viewer:
    id: strawberry.ID


@strawberry.type
class Query:
    @strawberry.field
    async def viewer(self) -> Viewer:
        return Viewer(id=strawberry.ID("local"))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def execution_events(self, count: int, batch_size: int = 100) -> AsyncIterator[Batch]:
        for start in range(0, count, batch_size):
            end = min(start + batch_size, count)
            yield Batch(events=[event(index) for index in range(start, end)], next_index=end)


SCHEMA = strawberry.Schema(Query, subscription=Subscription, types=[NodeStartedEvent, NodeCompletedEvent])


def _shown(index: int) -> dict[str, Any]:
    made: Any = event(index)
    own = {"executionTime": 0.25} if index % 2 else {"idempotencyKey": "k"}
    shown = {"index": index, "type": made.type, "timestamp": "2026-01-02T03:04:05.678Z", "data": made.data}
    return {**shown, "nodeId": "n1", **own}


def _message(id: str, start: int, end: int) -> str:
    batch = {"events": [_shown(index) for index in range(start, end)], "nextIndex": end}
    return orjson.dumps({"type": "next", "id": id, "payload": {"data": {"executionEvents": batch}}}).decode()


MADE = [_message("1", start, start + 100) for start in range(0, 1_000, 100)]


async def bare(websocket: WebSocket) -> None:
    """Answer one subscription with what was made beforehand."""
    await websocket.accept(subprotocol="graphql-transport-ws")
    await websocket.receive_json()
    await websocket.send_json({"type": "connection_ack"})
    asked = await websocket.receive_json()
    for number in range(asked["payload"]["variables"]["count"] // 100):
        await websocket.send_text(MADE[number % len(MADE)])
    await websocket.send_text(orjson.dumps({"type": "complete", "id": asked["id"]}).decode())
    await websocket.receive()


def _limited() -> GraphQL:
    """With Strawberry's own limits, as its documentation shows them."""
    limits = [lambda: QueryDepthLimiter(max_depth=20), lambda: MaxAliasesLimiter(max_alias_count=50)]
    return GraphQL(strawberry.Schema(Query, extensions=limits))


APPS: dict[str, Any] = {
    "plain": lambda: GraphQL(SCHEMA, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL]),
    "limited": _limited,
    "bare": lambda: Starlette(routes=[WebSocketRoute("/graphql", bare)]),
}


if __name__ == "__main__":
    uvicorn.run(APPS[sys.argv[1]](), port=int(sys.argv[2]), log_level="error", **SERVER_OPTIONS)
