"""The rules of the graphql-transport-ws protocol, one by one."""

import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.api.client import Client, Json, Socket, opened_socket
from tests.api.server import RunningServer

ASK = "{ viewer { id } }"
VIEWER = {"viewer": {"id": "local"}}
WATCH = "subscription($id: ID!) { executionEvents(executionId: $id) { nextIndex } }"


@pytest.fixture
async def execution(client: Client) -> str:
    return await client.create_execution(await client.create_flow())


async def is_alive(socket: Socket) -> bool:
    """Whether the next message is the answer to a ping: nothing else was sent, and the socket is open."""
    await socket.send(type="ping", payload={"alive": True})
    return await socket.receive() == {"type": "pong", "payload": {"alive": True}}


# The connection


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["soap", "graphql-transport-ws-2"]])
async def test_without_the_protocol_among_those_offered_the_socket_closes_with_4406(
    server: RunningServer, offered: list[Subprotocol] | None
) -> None:
    async with connect(server.socket_url, subprotocols=offered) as connection:
        assert await Socket(connection).closed_with() == 4406
        assert connection.close_reason == "Subprotocol not acceptable"


async def test_the_protocol_is_chosen_among_others_that_are_offered(server: RunningServer) -> None:
    offered = [Subprotocol("graphql-ws"), Subprotocol("graphql-transport-ws")]
    async with connect(server.socket_url, subprotocols=offered) as connection:
        assert connection.subprotocol == "graphql-transport-ws"
        await Socket(connection).send(type="connection_init")
        assert await Socket(connection).receive() == {"type": "connection_ack"}


@pytest.mark.parametrize("given", [{}, {"payload": None}, {"payload": {}}, {"payload": {"token": "x"}}])
async def test_an_init_is_acknowledged_with_and_without_a_payload(server: RunningServer, given: Json) -> None:
    async with opened_socket(server, init=False) as socket:
        await socket.send(type="connection_init", **given)
        assert await socket.receive() == {"type": "connection_ack"}


async def test_no_init_in_time_closes_with_4408(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.sockets.INIT_SECONDS", 0.05)
    async with opened_socket(server, init=False) as socket:
        assert await socket.closed_with() == 4408
        assert socket.connection.close_reason == "Connection initialisation timeout"


async def test_a_second_init_closes_with_4429(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.send(type="connection_init")
        assert await socket.closed_with() == 4429
        assert socket.connection.close_reason == "Too many initialisation requests"


async def test_a_second_init_closes_also_before_the_first_is_acknowledged(server: RunningServer) -> None:
    async with opened_socket(server, init=False) as socket:
        await socket.send(type="connection_init")
        await socket.send(type="connection_init")
        assert await socket.closed_with() == 4429


async def test_subscribing_before_the_init_closes_with_4401(server: RunningServer) -> None:
    async with opened_socket(server, init=False) as socket:
        await socket.subscribe(ASK)
        assert await socket.closed_with() == 4401
        assert socket.connection.close_reason == "Unauthorized"


async def test_a_page_of_another_site_cannot_open_a_socket(server: RunningServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(server.socket_url, origin="https://evil.example", subprotocols=["graphql-transport-ws"])
    assert refused.value.response.status_code == 403


async def test_a_page_of_the_same_host_can_open_a_socket(server: RunningServer) -> None:
    async with connect(
        server.socket_url, origin=f"http://127.0.0.1:{server.port}", subprotocols=["graphql-transport-ws"]
    ) as connection:
        await Socket(connection).send(type="connection_init")
        assert (await Socket(connection).receive())["type"] == "connection_ack"


# Signs of life


@pytest.mark.parametrize("init", [False, True])
async def test_a_ping_is_answered_with_a_pong_at_any_time(server: RunningServer, init: bool) -> None:
    async with opened_socket(server, init=init) as socket:
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_a_ping_is_answered_while_an_operation_runs(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        assert await is_alive(socket)


@pytest.mark.parametrize(("given", "answered"), [({"n": 1}, {"payload": {"n": 1}}), ({}, {"payload": {}}), (None, {})])
async def test_a_pong_brings_back_what_came_with_the_ping(server: RunningServer, given: Json, answered: Json) -> None:
    async with opened_socket(server) as socket:
        await socket.send(type="ping", payload=given)
        assert await socket.receive() == {"type": "pong", **answered}


@pytest.mark.parametrize("init", [False, True])
@pytest.mark.parametrize("given", [{}, {"payload": None}, {"payload": {"n": 1}}])
async def test_a_pong_that_nobody_asked_for_is_ignored(server: RunningServer, init: bool, given: Json) -> None:
    async with opened_socket(server, init=init) as socket:
        await socket.send(type="pong", **given)
        assert await is_alive(socket)


# Operations


async def test_a_query_gives_its_result_and_then_completes(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.subscribe(ASK)
        assert await socket.receive() == {"type": "next", "id": "1", "payload": {"data": VIEWER}}
        assert await socket.receive() == {"type": "complete", "id": "1"}
        assert await is_alive(socket)


async def test_a_mutation_gives_its_result_and_then_completes(client: Client) -> None:
    flow = await client.create_flow()
    async with opened_socket(client.server) as socket:
        await socket.subscribe("mutation($id: ID!) { deleteFlow(id: $id) { deletedId } }", "m", id=flow)
        assert await socket.next() == {"deleteFlow": {"deletedId": flow}}
        assert await socket.receive() == {"type": "complete", "id": "m"}


async def test_what_goes_wrong_while_it_is_executed_is_part_of_the_result(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.subscribe('mutation { deleteFlow(id: "FL0") { deletedId } }')
        message = await socket.receive()
        assert (message["type"], message["payload"]["data"]) == ("next", None)
        assert message["payload"]["errors"][0]["path"] == ["deleteFlow"]
        assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_the_named_operation_is_run(server: RunningServer) -> None:
    query = "query A { viewer { id } } query B { viewer { name } }"
    async with opened_socket(server) as socket:
        payload = {"query": query, "operationName": "B", "variables": None, "extensions": None}
        await socket.send(type="subscribe", id="1", payload=payload)
        assert await socket.next() == {"viewer": {"name": "Local developer"}}


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ viewer {", {}, "GRAPHQL_PARSE_FAILED"),
        ("", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { flows(first: $n) { edges { cursor } } }", {"n": "one"}, "BAD_USER_INPUT"),
        (WATCH, {}, "BAD_USER_INPUT"),
        (
            'subscription { executionEvents(executionId: 1, batchSize: "many") { nextIndex } }',
            {},
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ],
)
async def test_an_operation_that_is_not_valid_is_one_error_for_its_id_and_the_socket_stays(
    server: RunningServer, query: str, variables: Json, code: str
) -> None:
    async with opened_socket(server) as socket:
        await socket.subscribe(query, "wrong", **variables)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "wrong")
        assert isinstance(message["payload"], list)
        assert message["payload"][0]["extensions"]["code"] == code
        assert await is_alive(socket)


async def test_an_unknown_operation_name_is_an_error_for_its_id(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.send(type="subscribe", id="1", payload={"query": ASK, "operationName": "Other"})
        assert (await socket.failure())["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_operations_of_one_socket_run_side_by_side(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, "watch", id=execution)
        await socket.next()
        await socket.subscribe(ASK, "ask")
        assert (await socket.receive())["id"] == "ask"


async def test_operations_of_one_socket_see_what_was_changed_between_them(client: Client) -> None:
    flow = await client.create_flow()
    ask = "query($id: ID!) { flow(id: $id) { name } }"
    async with opened_socket(client.server) as socket:
        await socket.subscribe(ask, id=flow)
        assert (await socket.next())["flow"]["name"] == "Doubling"
        await socket.receive()
        await client.ask("mutation($id: ID!) { deleteFlow(id: $id) { deletedId } }", id=flow)
        await socket.subscribe(ask, id=flow)
        payload = (await socket.receive())["payload"]
        assert payload["data"] == {"flow": None}
        assert payload["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_one_operation_too_many_is_an_error_for_its_id(
    client: Client, execution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.sockets.OPERATIONS_LIMIT", 1)
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        await socket.subscribe(ASK, "2")
        assert (await socket.failure("2"))["extensions"]["code"] == "RATE_LIMITED"
        assert await is_alive(socket)


# Ids


async def test_an_id_that_is_in_use_closes_with_4409(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, "twice", id=execution)
        await socket.next()
        await socket.subscribe(WATCH, "twice", id=execution)
        assert await socket.closed_with() == 4409
        assert socket.connection.close_reason == "Subscriber for twice already exists"


async def test_an_id_that_is_in_use_may_be_too_long_for_the_reason(client: Client, execution: str) -> None:
    id = "é" * 100
    async with opened_socket(client.server) as socket:
        for _ in range(2):
            await socket.subscribe(WATCH, id, id=execution)
        assert await socket.closed_with() == 4409


async def test_an_id_may_be_used_again_after_its_complete(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        for _ in range(3):
            await socket.subscribe(ASK)
            assert await socket.next() == VIEWER
            assert (await socket.receive())["type"] == "complete"


async def test_an_id_may_be_used_again_after_its_error(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        for _ in range(3):
            await socket.subscribe("{ nothing }")
            await socket.failure()
        await socket.subscribe(ASK)
        assert await socket.next() == VIEWER


async def test_an_id_may_be_used_again_at_once_after_the_client_has_completed_it(
    client: Client, execution: str
) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        await socket.send(type="complete", id="1")
        await socket.subscribe(WATCH, id=execution)
        assert await socket.next() == {"executionEvents": {"nextIndex": 0}}


async def test_what_the_client_has_completed_sends_nothing_more(client: Client, execution: str) -> None:
    stop = "mutation($id: ID!) { stopExecution(executionId: $id) { execution { id } } }"
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        await socket.send(type="complete", id="1")
        assert await is_alive(socket)
        assert client.server.services.tailer.followed == 0
        await client.ask(stop, id=execution)
        assert await is_alive(socket)


async def test_a_complete_for_an_unknown_id_is_ignored(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.send(type="complete", id="never seen")
        assert await is_alive(socket)


# What is no message


def subscribe(**parts: Json) -> str:
    return json.dumps({"type": "subscribe", "id": "1", "payload": {"query": ASK}, **parts})


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "7",
        "null",
        '{"id": "1"}',
        '{"type": 7}',
        '{"type": "unknown"}',
        '{"type": "next", "id": "1", "payload": {}}',
        '{"type": "connection_ack"}',
        '{"type": "start", "id": "1", "payload": {"query": "{ viewer { id } }"}}',
        '{"type": "connection_init", "payload": "token"}',
        '{"type": "ping", "payload": 1}',
        '{"type": "pong", "payload": []}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 1}',
        json.dumps({"type": "subscribe", "payload": {"query": ASK}}),
        subscribe(id=""),
        subscribe(id=1),
        subscribe(id=None),
        subscribe(payload=None),
        subscribe(payload=ASK),
        subscribe(payload={}),
        subscribe(payload={"query": 7}),
        subscribe(payload={"query": ASK, "variables": []}),
        subscribe(payload={"query": ASK, "operationName": 1}),
        subscribe(payload={"query": ASK, "extensions": "x"}),
        "[" * 100_000,
    ],
)
async def test_what_is_no_message_of_the_protocol_closes_with_4400(server: RunningServer, text: str) -> None:
    async with opened_socket(server) as socket:
        await socket.connection.send(text)
        assert await socket.closed_with() == 4400
        assert socket.connection.close_reason


async def test_a_binary_message_closes_with_4400(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.connection.send(b'{"type": "ping"}')
        assert await socket.closed_with() == 4400


async def test_a_frame_of_more_than_a_mebibyte_closes_with_1009(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.connection.send('{"type": "ping", "payload": {"text": "' + "x" * 1024 * 1024 + '"}}')
        assert await socket.closed_with() == 1009


async def test_text_that_is_not_utf8_closes_the_socket_and_leaves_no_traceback(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened_socket(server) as socket:
        # A frame with a mask of zeros, and at once the same again.
        socket.connection.transport.write(b"\x81\x82\0\0\0\0\xff\xfe" * 2)
        assert await socket.closed_with() == 1007
    assert not [record for record in caplog.records if record.exc_info]
