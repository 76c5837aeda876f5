"""A server that shuts down tells its subscribers where to resume."""

import pytest

from tests.api.client import Client, Json, opened_socket
from tests.api.server import RunningServer, running_server
from tests.api.streaming import EVENTS, PARTS, EventStream, Parts, Sent, posted
from tests.api.trees import WATCH_TREE

WATCH = """subscription($id: ID!, $from: Int! = -1) {
  executionEvents(executionId: $id, fromIndex: $from) { nextIndex }
}"""
INTERRUPTED = {
    "message": "The server is shutting down.",
    "extensions": {"code": "INTERNAL_SERVER_ERROR", "nextIndex": 0},
}


@pytest.fixture
async def execution(client: Client) -> str:
    return await client.create_execution(await client.create_flow())


async def test_each_subscription_of_a_socket_gets_an_error_and_then_the_socket_closes_with_1012(
    client: Client, execution: str
) -> None:
    async with opened_socket(client.server) as socket:
        for id, from_index in (("1", -1), ("2", 7)):
            await socket.subscribe(WATCH, id, id=execution, **{"from": from_index})
            await socket.next()
        client.server.begin_to_stop()
        messages = {message["id"]: message for message in (await socket.receive(), await socket.receive())}
        assert messages["1"] == {"type": "error", "id": "1", "payload": [INTERRUPTED]}
        assert messages["2"]["payload"][0]["extensions"]["nextIndex"] == 7
        assert await socket.closed_with() == 1012
        assert socket.connection.close_reason == "The server is shutting down"


async def test_the_error_of_a_tree_has_the_cursor_of_its_last_batch(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH_TREE, id=execution)
        cursor = (await socket.next())["executionTreeEvents"]["cursor"]
        client.server.begin_to_stop()
        [error] = (await socket.receive())["payload"]
    assert error["message"] == "The server is shutting down."
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "cursor": cursor}


async def test_the_stream_of_changed_roots_ends_with_an_error(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe("subscription { rootExecutionsChanged { executions { execution { id } } } }")
        await socket.next()
        client.server.begin_to_stop()
        [error] = (await socket.receive())["payload"]
    assert error["message"] == "The server is shutting down."
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}


@pytest.mark.parametrize("init", [False, True])
async def test_a_socket_without_operations_closes_with_1012(server: RunningServer, init: bool) -> None:
    async with opened_socket(server, init=init) as socket:
        server.begin_to_stop()
        assert await socket.closed_with() == 1012


async def test_a_stream_of_events_ends_with_the_error(client: Client, execution: str) -> None:
    async with posted(client.server, EVENTS, WATCH, id=execution) as response:
        stream = EventStream(response)
        assert (await stream.next()).name == "next"
        client.server.begin_to_stop()
        failed, last = await stream.to_the_end()
    assert (failed.name, failed.json) == ("next", {"errors": [INTERRUPTED]})
    assert last == Sent("complete", "")


async def test_a_stream_of_parts_ends_with_the_error_beside_the_payload(client: Client, execution: str) -> None:
    async with posted(client.server, PARTS, WATCH, id=execution) as response:
        parts = Parts(response)
        assert "payload" in await parts.next()
        client.server.begin_to_stop()
        assert await parts.to_the_end() == [{"payload": None, "errors": [INTERRUPTED]}]
        assert parts.rest == b"--\r\n"


async def test_nothing_is_logged_as_a_defect_and_no_task_has_to_be_cancelled(
    client: Client, execution: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened_socket(client.server) as socket, posted(client.server, EVENTS, WATCH, id=execution) as response:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        client.server.begin_to_stop()
        await EventStream(response).to_the_end()
        await socket.failure()
        await socket.closed_with()
    assert not caplog.records


async def test_one_that_resumes_there_misses_nothing(
    client: Client, execution: str, database_url: str, redis_url: str
) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        client.server.begin_to_stop()
        resume: Json = (await socket.failure())["extensions"]["nextIndex"]
    async with running_server(database_url, redis_url) as server, opened_socket(server) as socket:
        await socket.subscribe(WATCH, id=execution, **{"from": resume})
        assert await socket.next() == {"executionEvents": {"nextIndex": resume}}
