"""A small GraphQL client over HTTP and graphql-transport-ws."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.api.server import RunningServer
from tests.eventually import PATIENCE

Json = Any


class GraphQLFailure(Exception):
    """The errors of a response."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(errors)
        self.errors = errors

    @property
    def code(self) -> str:
        return str(self.errors[0]["extensions"]["code"])

    @property
    def extensions(self) -> Json:
        return self.errors[0]["extensions"]


class Client:
    """Asks a server; `answer` gives the whole response, `ask` its data or raises `GraphQLFailure`."""

    def __init__(self, server: RunningServer, http: httpx.AsyncClient, token: str | None = None) -> None:
        self.server = server
        self.http = http
        self.token = token

    async def answer(self, query: str, **variables: Json) -> Json:
        body = json.dumps({"query": query, "variables": variables})
        response = await self.http.post(self.server.url, content=body, headers={"content-type": "application/json"})
        return response.json()

    async def ask(self, query: str, **variables: Json) -> Json:
        answer = await self.answer(query, **variables)
        if "errors" in answer:
            raise GraphQLFailure(answer["errors"])
        return answer["data"]

    async def failure(self, query: str, **variables: Json) -> Json:
        """The extensions of the first error."""
        answer = await self.answer(query, **variables)
        assert "errors" in answer, answer
        return answer["errors"][0]["extensions"]

    async def create_flow(self, **parts: Json) -> str:
        document = {**DOUBLING, **parts}
        made = await self.ask("mutation($d: JSON!) { createFlow(input: {document: $d}) { flow { id } } }", d=document)
        return str(made["createFlow"]["flow"]["id"])

    async def create_execution(self, flow_id: str, **given: Json) -> str:
        made = await self.ask(
            "mutation($i: CreateExecutionInput!) { createExecution(input: $i) { execution { id } created } }",
            i={"flowId": flow_id, "inputs": {"number": 4}, **given},
        )
        return str(made["createExecution"]["execution"]["id"])


DOUBLING: Json = {
    "tidegate": 1,
    "name": "Doubling",
    "nodes": [
        {"id": "number", "type": "flow.input", "inputs": {"name": "number", "schema": {"type": "number"}}},
        {"id": "double", "type": "math.arithmetic", "inputs": {"operation": "multiply", "b": 2}},
        {"id": "out", "type": "flow.output", "inputs": {"name": "doubled"}},
    ],
    "edges": [
        {"from": "number.value", "to": "double.a"},
        {"from": "double.result", "to": "out.value"},
    ],
}


@asynccontextmanager
async def opened_socket(
    server: RunningServer, *, init: bool = True, token: str | None = None
) -> AsyncIterator["Socket"]:
    async with connect(server.socket_url, subprotocols=["graphql-transport-ws"], max_size=None) as connection:
        opened = Socket(connection)
        if init:
            await opened.send(type="connection_init", payload={"token": token} if token else {})
            assert await opened.receive() == {"type": "connection_ack"}
        yield opened


class Socket:
    """One graphql-transport-ws connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Json) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, query: str, operation: str = "1", **variables: Json) -> None:
        await self.send(type="subscribe", id=operation, payload={"query": query, "variables": variables})

    async def receive(self) -> Json:
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.connection.recv())

    async def next(self) -> Json:
        """The data of the next `next` message."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def batches_to_the_end(self) -> list[Json]:
        """Every batch of `executionEvents` until `complete`."""
        batches = []
        while (message := await self.receive())["type"] == "next":
            batches.append(message["payload"]["data"]["executionEvents"])
        assert message["type"] == "complete", message
        return batches

    async def events_to_the_end(self) -> list[Json]:
        """Every event of `executionEvents` until `complete`."""
        return [event for batch in await self.batches_to_the_end() for event in batch["events"]]

    async def failure(self, operation: str = "1") -> Json:
        """The first error of an operation that ends with the next message."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("error", operation), message
        return message["payload"][0]

    async def closed_with(self) -> int:
        """The code that the server closes with."""
        async with asyncio.timeout(PATIENCE):
            await self.connection.wait_closed()
        code = self.connection.close_code
        assert code is not None
        return code
