"""gql, the client for Python, which loses its connection while a flow runs."""

import json
from typing import Any

import gql
import pytest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport

from tests.clients.travels import CLIENTS, assert_whole, document, read_log
from tests.eventually import eventually
from tests.proxy import Proxy, proxy
from tests.tidegate.processes import Dev

DEADLINE = 60
FLOW = json.loads((CLIENTS / "two-gates.json").read_text())


def client(url: str) -> gql.Client:
    transport = WebsocketsTransport(url=url, subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL])
    return gql.Client(transport=transport, execute_timeout=DEADLINE)


def request(name: str, /, **variables: Any) -> gql.GraphQLRequest:
    return gql.GraphQLRequest(document(name), variable_values=variables)


async def create(commands: AsyncClientSession) -> str:
    created = await commands.execute(request("createFlow", document=FLOW))
    wish = {"flowId": created["createFlow"]["flow"]["id"], "options": {"recordEvents": "ALL"}}
    created = await commands.execute(request("createExecution", input=wish))
    return created["createExecution"]["execution"]["id"]


class Traveller:
    """Sees an execution through; its own connections go through a proxy, which is cut at the first gate."""

    def __init__(self, commands: AsyncClientSession, execution: str, between: Proxy) -> None:
        self._commands = commands
        self._execution = execution
        self._between = between
        self._next = -1
        self.events: list[dict[str, Any]] = []

    async def read(self) -> None:
        """Read on from where it is until the stream completes; raises TransportConnectionFailed."""
        begin = request("executionEvents", id=self._execution, fromIndex=self._next)
        async with client(self._between.url) as session:
            async for result in session.subscribe(begin):
                await self._take(result["executionEvents"])

    async def _take(self, batch: dict[str, Any]) -> None:
        if not self.events:
            await self._commands.execute(request("startExecution", id=self._execution))
        self.events += batch["events"]
        self._next = batch["nextIndex"]
        for event in batch["events"]:
            if event["type"] == "NODE_WAITING":
                await self._reach(event["nodeId"])

    async def _reach(self, gate: str) -> None:
        if gate == "first":
            self._between.cut_all()
        else:
            await self.open(gate)

    async def open(self, gate: str) -> None:
        payload = {"opens": gate}
        await self._commands.execute(request("sendSignal", id=self._execution, name=gate, payload=payload))

    async def is_at_the_second_gate(self) -> bool:
        answer = await self._commands.execute(request("nodeStatus", id=self._execution, nodeId="second"))
        return answer["execution"]["nodeState"]["status"] == "WAITING"


async def test_gql_that_loses_its_connection_resumes_and_has_seen_the_whole_log(service: Dev) -> None:
    url = service.url.replace("http", "ws", 1)
    async with client(url) as commands, proxy(url) as between:
        execution = await create(commands)
        traveller = Traveller(commands, execution, between)

        with pytest.raises(TransportConnectionFailed):
            await traveller.read()
        await traveller.open("first")
        await eventually(traveller.is_at_the_second_gate, within=DEADLINE)
        await traveller.read()

    assert_whole(traveller.events, read_log(service.url, execution))
