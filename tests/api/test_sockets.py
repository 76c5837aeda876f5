"""The rules of the graphql-transport-ws protocol."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.api.client import Client, Socket, opened_socket
from tests.api.server import RunningServer

ASK = "{ viewer { id } }"


async def test_a_ping_is_answered_with_a_pong_even_before_the_init(server: RunningServer) -> None:
    async with opened_socket(server, init=False) as socket:
        await socket.send(type="ping", payload={"n": 1})
        assert await socket.receive() == {"type": "pong"}


async def test_a_pong_needs_no_answer(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.send(type="pong")
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_queries_and_mutations_run_too_and_complete(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.subscribe(ASK)
        assert await socket.next() == {"viewer": {"id": "local"}}
        assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_an_id_may_be_used_again_once_its_operation_is_over(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        for _ in range(3):
            await socket.subscribe(ASK)
            assert await socket.next() == {"viewer": {"id": "local"}}
            assert (await socket.receive())["type"] == "complete"


async def test_subscribing_before_the_init_closes_with_4401(server: RunningServer) -> None:
    async with opened_socket(server, init=False) as socket:
        await socket.subscribe(ASK)
        assert await socket.closed_with() == 4401


async def test_a_second_init_closes_with_4429(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.send(type="connection_init")
        assert await socket.closed_with() == 4429


async def test_no_init_in_time_closes_with_4408(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.sockets.INIT_SECONDS", 0.05)
    async with opened_socket(server, init=False) as socket:
        assert await socket.closed_with() == 4408


async def test_an_id_that_is_in_use_closes_with_4409(client: Client) -> None:
    execution = await client.create_execution(await client.create_flow())
    watch = "subscription($id: ID!) { executionEvents(executionId: $id) { nextIndex } }"
    async with opened_socket(client.server) as socket:
        await socket.subscribe(watch, id=execution)
        await socket.next()
        await socket.subscribe(watch, id=execution)
        assert await socket.closed_with() == 4409


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        '{"id": "1"}',
        '{"type": "unknown"}',
        '{"type": "subscribe", "payload": {"query": "{ viewer { id } }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ viewer { id } }"}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { id } }", "variables": []}}',
        "[" * 100_000,
    ],
)
async def test_a_message_of_another_form_closes_with_4400(server: RunningServer, text: str) -> None:
    async with opened_socket(server) as socket:
        await socket.connection.send(text)
        assert await socket.closed_with() == 4400


async def test_a_binary_message_closes_with_4400(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.connection.send(b'{"type": "ping"}')
        assert await socket.closed_with() == 4400


async def test_a_frame_of_more_than_a_mebibyte_closes_with_1009(server: RunningServer) -> None:
    async with opened_socket(server) as socket:
        await socket.connection.send('{"type": "ping", "payload": {"text": "' + "x" * 1024 * 1024 + '"}}')
        assert await socket.closed_with() == 1009


async def test_another_subprotocol_is_not_served(server: RunningServer) -> None:
    async with connect(server.socket_url, subprotocols=["graphql-ws"]) as connection:
        assert await Socket(connection).closed_with() == 4406


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (
            'subscription { executionEvents(executionId: 1, batchSize: "many") { nextIndex } }',
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ],
)
async def test_a_wrong_operation_is_an_error_for_its_id_and_the_socket_stays(
    server: RunningServer, query: str, code: str
) -> None:
    async with opened_socket(server) as socket:
        await socket.subscribe(query, "wrong")
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "wrong")
        assert message["payload"][0]["extensions"]["code"] == code
        await socket.subscribe(ASK, "right")
        assert await socket.next() == {"viewer": {"id": "local"}}


async def test_a_client_may_complete_what_it_subscribed_to(client: Client) -> None:
    execution = await client.create_execution(await client.create_flow())
    watch = "subscription($id: ID!) { executionEvents(executionId: $id) { nextIndex } }"
    async with opened_socket(client.server) as socket:
        await socket.subscribe(watch, id=execution)
        await socket.next()
        await socket.send(type="complete", id="1")
        await socket.subscribe(watch, id=execution)
        assert await socket.next() == {"executionEvents": {"nextIndex": 0}}


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
