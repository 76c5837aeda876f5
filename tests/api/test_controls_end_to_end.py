"""Breakpoints, steps, signals and children with a real worker, seen as a client sees them."""

from collections import deque

import pytest

from tests.api.client import Client, Json, Socket, opened_socket
from tests.api.flows import LISTENING, calling, created
from tests.api.test_controls import RESUME, SET, SIGNAL, START, STEP, refusal

# arq closes its connection by a name that redis has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")

EVENTS = """subscription($id: ID!) { executionEvents(executionId: $id) { status events {
  type
  ... on NodeEvent { nodeId }
  ... on NodeWaitingEvent { signalName childCount until }
  ... on SignalReceivedEvent { signalName payload accepted reason }
  ... on ChildEvent { childExecutionId spawnedByNodeId eventName }
  ... on ChildExecutionCompletedEvent { outputs }
} } }"""

FAMILY = """query($id: ID!) {
  execution(id: $id) { status outputs children { edges { node { id } } } }
  executionTree(executionId: $id) { edges { node { level parentId execution {
    id status outputs depth rootExecutionId externalEvents { eventName payload }
  } } } }
  rootExecutions { edges { node { levels totalNested execution { id } } } }
}"""


class Seen:
    """What a socket has told so far of one execution."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._unread: deque[Json] = deque()
        self.kinds: list[str] = []

    async def until(self, kind: str, **fields: Json) -> Json:
        """Read on to an event of this kind with these fields."""
        while True:
            while not self._unread:
                self._unread.extend((await self._socket.next())["executionEvents"]["events"])
            event = self._unread.popleft()
            self.kinds.append(event["type"])
            if event["type"] == kind and fields.items() <= event.items():
                return event


async def test_a_client_stops_at_a_breakpoint_steps_signals_and_follows_into_a_child(
    client: Client, worker: None
) -> None:
    called = await client.create_flow()
    execution = await created(client, calling(called), options={"breakpoints": ["ask", "call"]})
    async with opened_socket(client.server) as socket:
        await socket.subscribe(EVENTS, id=execution)
        seen = Seen(socket)
        await client.ask(START, id=execution)
        await seen.until("DEBUG_BREAKPOINT_HIT", nodeId="ask")

        await client.ask(STEP, id=execution)
        waiting = await seen.until("NODE_WAITING", nodeId="ask")
        assert (waiting["signalName"], waiting["childCount"], waiting["until"]) == ("approve", None, None)

        await client.ask(SET, id=execution, nodes=[])
        await client.ask(RESUME, id=execution)
        await seen.until("FLOW_RESUMED")
        message, extensions = await refusal(client, SIGNAL, id=execution, payload={"ok": 1})
        assert message.startswith("The payload does not fit: ")
        assert extensions["field"] == "payload"
        await client.ask(SIGNAL, id=execution, payload={"ok": True})

        completed = await seen.until("CHILD_EXECUTION_COMPLETED", spawnedByNodeId="call", outputs={"doubled": 8})
        await seen.until("FLOW_COMPLETED")
    controls = ["DEBUG_BREAKPOINT_HIT", "FLOW_STEPPED", "BREAKPOINTS_SET", "FLOW_RESUMED", "SIGNAL_RECEIVED"]
    assert [kind for kind in seen.kinds if kind in controls] == controls

    found = await client.ask(FAMILY, id=completed["childExecutionId"])
    root, child = [edge["node"] for edge in found["executionTree"]["edges"]]
    assert (root["execution"]["id"], root["execution"]["outputs"]) == (execution, {"outputs": {"doubled": 8}})
    assert (child["level"], child["parentId"], child["execution"]["rootExecutionId"]) == (1, execution, execution)
    assert found["rootExecutions"]["edges"][0]["node"] == {
        "levels": 2,
        "totalNested": 1,
        "execution": {"id": execution},
    }


async def test_an_early_misfit_is_answered_by_the_log_and_an_early_fit_is_kept(client: Client, worker: None) -> None:
    execution = await created(client, calling(await client.create_flow()))
    async with opened_socket(client.server) as socket:
        await socket.subscribe(EVENTS, id=execution)
        for payload in ({"ok": "yes"}, {"ok": True}):
            await client.ask(SIGNAL, id=execution, payload=payload)
        await client.ask(START, id=execution)
        events = await socket.events_to_the_end()
    signals = [event for event in events if event["type"] == "SIGNAL_RECEIVED"]
    assert [event["accepted"] for event in signals] == [False, True]
    assert signals[0]["reason"].startswith("The payload does not fit: $.ok")
    assert events[-1]["type"] == "FLOW_COMPLETED"


async def test_an_execution_for_events_has_a_child_for_each_in_the_order_given(client: Client, worker: None) -> None:
    orders = [{"eventName": "order", "payload": number} for number in range(3)]
    execution = await created(client, LISTENING, events=orders, autoStart=True)
    async with opened_socket(client.server) as socket:
        await socket.subscribe(EVENTS, id=execution)
        events = await socket.events_to_the_end()
    spawned = [event for event in events if event["type"] == "CHILD_EXECUTION_SPAWNED"]
    assert [(event["spawnedByNodeId"], event["eventName"]) for event in spawned] == [(None, "order")] * 3

    found = await client.ask(FAMILY, id=execution)
    assert found["execution"]["status"] == "COMPLETED"
    root, *children = [edge["node"]["execution"] for edge in found["executionTree"]["edges"]]
    assert root["externalEvents"] == orders
    assert [child["externalEvents"] for child in children] == [[order] for order in orders]
    assert [child["outputs"] for child in children] == [{"ordered": 0}, {"ordered": 1}, {"ordered": 2}]
    assert [child["id"] for child in children] == [event["childExecutionId"] for event in spawned]
    newest_first = [edge["node"]["id"] for edge in found["execution"]["children"]["edges"]]
    assert newest_first == [child["id"] for child in children][::-1]
