"""The subscription executionEvents."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from engine.events import FlowCancelled
from engine.values import Value
from tests.api.client import Client, Json, Socket, opened_socket
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append, completed, started
from tests.eventually import eventually

WATCH = """subscription($id: ID!, $from: Int! = -1, $types: [ExecutionEventType!]! = [],
                        $size: Int! = 100, $wait: Int! = 25) {
  executionEvents(executionId: $id, fromIndex: $from, eventTypes: $types, batchSize: $size, batchTimeoutMs: $wait) {
    nextIndex caughtUp status events { index type }
  }
}"""


@pytest.fixture
async def execution(client: Client) -> str:
    return await client.create_execution(await client.create_flow())


async def watch(socket: Socket, execution: str, operation: str = "1", **given: Json) -> Json:
    """Subscribe and give the first batch."""
    await socket.subscribe(WATCH, operation, id=execution, **given)
    return await batch(socket)


async def batch(socket: Socket) -> Json:
    return (await socket.next())["executionEvents"]


def indices(of_batch: Json) -> list[int]:
    return [event["index"] for event in of_batch["events"]]


async def test_the_first_batch_comes_at_once_even_if_it_is_empty(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        first = await watch(socket, execution, **{"from": 0, "wait": 1000})
        assert first == {"nextIndex": 0, "caughtUp": True, "status": "CREATED", "events": []}


async def test_the_first_batch_has_what_is_there(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await append(connection, execution, FLOW_STARTED, started())
    async with opened_socket(client.server) as socket:
        first = await watch(socket, execution)
        assert (indices(first), first["nextIndex"], first["caughtUp"]) == ([-1, 0, 1], 2, True)
        assert first["status"] == "RUNNING"


async def test_events_come_as_they_are_written_and_the_stream_ends_with_the_log(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    async with opened_socket(client.server) as socket:
        await watch(socket, execution)
        await append(connection, execution, FLOW_STARTED)
        second = await batch(socket)
        assert (indices(second), second["status"]) == ([0], "RUNNING")
        await append(connection, execution, started(), completed(), FLOW_COMPLETED)
        rest = await socket.batches_to_the_end()
        assert [index for each in rest for index in indices(each)] == [1, 2, 3]
        assert (rest[-1]["status"], rest[-1]["nextIndex"], rest[-1]["caughtUp"]) == ("COMPLETED", 4, True)


async def test_a_replay_comes_in_full_batches(client: Client, execution: str, connection: asyncpg.Connection) -> None:
    await append(connection, execution, FLOW_STARTED, *[started(attempt=n) for n in range(1, 9)])
    async with opened_socket(client.server) as socket:
        batches = [await watch(socket, execution, size=4, wait=1000), await batch(socket), await batch(socket)]
        assert [indices(each) for each in batches] == [[-1, 0, 1, 2], [3, 4, 5, 6], [7, 8]]
        assert [each["caughtUp"] for each in batches] == [False, False, True]


async def test_a_batch_gathers_what_comes_until_its_time_is_over(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    async with opened_socket(client.server) as socket:
        await watch(socket, execution, wait=1000)
        await append(connection, execution, FLOW_STARTED)
        await append(connection, execution, started())
        assert indices(await batch(socket)) == [0, 1]


async def test_a_terminal_event_is_sent_at_once(client: Client, execution: str, connection: asyncpg.Connection) -> None:
    async with opened_socket(client.server) as socket:
        await watch(socket, execution, wait=1000, size=1000)
        await append(connection, execution, FLOW_STARTED, FLOW_COMPLETED)
        assert [indices(each) for each in await socket.batches_to_the_end()] == [[0, 1]]


async def test_a_client_that_reconnects_gets_exactly_the_rest(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await append(connection, execution, FLOW_STARTED, started(), completed())
    async with opened_socket(client.server) as socket:
        seen = await watch(socket, execution, size=2)
    async with opened_socket(client.server) as socket:
        rest = await watch(socket, execution, **{"from": seen["nextIndex"]})
    assert indices(seen) + indices(rest) == [-1, 0, 1, 2]


async def test_a_filter_lets_only_its_kinds_through_and_moves_the_index_on(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await append(connection, execution, FLOW_STARTED, started(), completed())
    async with opened_socket(client.server) as socket:
        first = await watch(socket, execution, types=["NODE_COMPLETED"])
        assert (indices(first), first["nextIndex"]) == ([2], 3)
        await append(connection, execution, started(attempt=2), completed(attempt=2))
        assert indices(await batch(socket)) == [4]


async def test_a_filtered_stream_completes_after_a_terminal_event_that_was_dropped(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    async with opened_socket(client.server) as socket:
        await watch(socket, execution, types=["NODE_COMPLETED"])
        await append(connection, execution, FLOW_STARTED, FLOW_COMPLETED)
        rest = await socket.batches_to_the_end()
        assert [event for each in rest for event in each["events"]] == []
        assert (rest[-1]["nextIndex"], rest[-1]["status"]) == (2, "COMPLETED")


async def test_a_quiet_filtered_stream_says_where_to_resume(
    client: Client, execution: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.batches.QUIET_SECONDS", 0.05)
    async with opened_socket(client.server) as socket:
        await watch(socket, execution, types=["NODE_COMPLETED"])
        await append(connection, execution, FLOW_STARTED)
        assert await batch(socket) == {"nextIndex": 1, "caughtUp": True, "status": "RUNNING", "events": []}


async def test_beyond_the_end_of_an_ended_log_the_stream_completes_at_once(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await append(connection, execution, FlowCancelled(reason="enough", execution_time=0))
    async with opened_socket(client.server) as socket:
        first = await watch(socket, execution, **{"from": 7})
        assert first == {"nextIndex": 7, "caughtUp": True, "status": "STOPPED", "events": []}
        assert await socket.batches_to_the_end() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"from": -2}, "fromIndex"),
        ({"size": 0}, "batchSize"),
        ({"size": 1001}, "batchSize"),
        ({"wait": -1}, "batchTimeoutMs"),
        ({"wait": 1001}, "batchTimeoutMs"),
    ],
)
async def test_an_argument_out_of_range_is_one_error_and_the_socket_stays(
    client: Client, execution: str, given: Json, field: str
) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id=execution, **given)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "1")
        assert message["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": field}
        assert indices(await watch(socket, execution)) == [-1]


async def test_an_unknown_execution_is_not_found_and_the_socket_stays(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH, id="EX0000000000000000")
        message = await socket.receive()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "NOT_FOUND"
        assert indices(await watch(socket, execution)) == [-1]


async def test_subscribers_share_one_tail_and_leave_nothing_behind(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    tailer = client.server.services.tailer
    async with opened_socket(client.server) as kept:
        async with opened_socket(client.server) as dropped:
            await watch(kept, execution)
            await watch(dropped, execution)
            await watch(dropped, execution, "2")
            assert tailer.followed == 1
            dropped.connection.transport.abort()
        await append(connection, execution, FLOW_STARTED)
        assert indices(await batch(kept)) == [0]
        await kept.send(type="complete", id="1")
        await eventually(lambda: tailer.followed == 0)


async def test_many_subscribers_each_get_the_whole_log(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    async def follow(size: int) -> list[int]:
        async with opened_socket(client.server) as socket:
            first = await watch(socket, execution, size=size)
            ready.release()
            rest = await socket.batches_to_the_end()
            return [index for each in (first, *rest) for index in indices(each)]

    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as tasks:
        followers = [tasks.create_task(follow(size)) for size in (1, 3, 100, 1000)]
        for _ in followers:
            await ready.acquire()
        await append(connection, execution, FLOW_STARTED)
        for attempt in range(1, 20):
            await append(connection, execution, started(attempt=attempt), completed(attempt=attempt))
        await append(connection, execution, FLOW_COMPLETED)
    assert [follower.result() for follower in followers] == [list(range(-1, 40))] * 4


async def test_a_batch_is_full_when_its_data_is_large(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    large = replace(completed(), outputs={"result": Value.of("x" * 60_000)})
    await append(connection, execution, FLOW_STARTED, *[large] * 40, FLOW_COMPLETED)
    async with opened_socket(client.server) as socket:
        batches = [await watch(socket, execution, size=1000), *await socket.batches_to_the_end()]
    assert [index for each in batches for index in indices(each)] == list(range(-1, 42))
    assert len(batches) > 2
