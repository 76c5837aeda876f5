"""The subscription executionTreeEvents."""

import asyncio

import asyncpg
import pytest

from schema.paging import encode_cursor
from tests.api.client import Client, Json, opened_socket
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append, completed, started
from tests.api.server import running_server
from tests.api.trees import (
    WATCH_TREE,
    create_tree,
    events_of,
    rest_of_tree,
    seen_in,
    tree_batch,
    watch_tree,
    whole_tree,
)
from tests.eventually import eventually
from tests.tree_rules import check_complete, check_order

# arq closes its connection by a name that redis has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")

START = "mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }"
LOGS = "select execution_id, last_index from execution_heads join executions on id = execution_id where root_id = $1"
MEMBERS = "select id, depth from executions where root_id = $1"


@pytest.fixture
async def execution(client: Client) -> str:
    """An execution that no worker runs."""
    return await client.create_execution(await client.create_flow())


@pytest.fixture
async def finished(client: Client, connection: asyncpg.Connection, worker: None) -> str:
    """A tree with grandchildren that has ended."""
    root = await create_tree(client, 2, 2, autoStart=True)

    async def over() -> bool:
        query = "select completed_at is not null from executions where id = $1"
        return bool(await connection.fetchval(query, root))

    await eventually(over)
    return root


async def test_a_tree_is_watched_while_it_grows_and_the_stream_ends_with_it(
    client: Client, worker: None, connection: asyncpg.Connection
) -> None:
    root = await create_tree(client, 3, 2)
    async with opened_socket(client.server) as socket, opened_socket(client.server) as late_socket:
        first = await watch_tree(socket, root)
        assert [each["event"]["type"] for each in first["events"]] == ["EXECUTION_CREATED"]
        assert (first["events"][0]["level"], first["caughtUp"]) == (0, True)
        await client.ask(START, id=root)
        second = await tree_batch(socket)
        late = asyncio.create_task(whole_tree(late_socket, root))
        batches = [first, second, *await rest_of_tree(socket)]
        assert events_of(*await late) == events_of(*batches)
    check_order(seen_in(*batches))
    check_complete(seen_in(*batches), dict(await connection.fetch(LOGS, root)))
    levels = dict(await connection.fetch(MEMBERS, root))
    assert {(each["event"]["executionId"], each["level"]) for each in events_of(*batches)} == set(levels.items())
    assert sorted(levels.values()) == [0] + [1] * 3 + [2] * 6
    assert batches[-1]["caughtUp"]


async def test_each_cursor_gives_exactly_the_rest_also_in_another_process(
    client: Client, finished: str, database_url: str, redis_url: str
) -> None:
    async with (
        running_server(database_url, redis_url) as other,
        opened_socket(client.server) as socket,
        opened_socket(other) as elsewhere,
    ):
        batches = await whole_tree(socket, finished, size=1)
        events = events_of(*batches)
        assert len(batches) == len(events) > 20
        for number, each in enumerate(batches, 1):
            rest = await whole_tree(elsewhere, finished, after=each["cursor"])
            assert events_of(*rest) == events[number:]


@pytest.mark.parametrize("types", [["NODE_COMPLETED"], ["CHILD_EXECUTION_SPAWNED", "FLOW_COMPLETED"]])
async def test_a_filtered_stream_and_a_whole_one_can_go_on_where_the_other_ended(
    client: Client, finished: str, types: list[str]
) -> None:
    async with opened_socket(client.server) as socket:
        events = events_of(*await whole_tree(socket, finished))
        wanted = [each for each in events if each["event"]["type"] in types]
        filtered = await whole_tree(socket, finished, types=types, size=1)
        assert events_of(*filtered) == wanted
        for number in range(1, len(filtered) + 1):
            missing = wanted[len(events_of(*filtered[:number])) :]
            after = filtered[number - 1]["cursor"]
            assert events_of(*await whole_tree(socket, finished, after=after, types=types)) == missing
            rest = events_of(*await whole_tree(socket, finished, after=after))
            assert rest == events[len(events) - len(rest) :]
            assert [each for each in rest if each["event"]["type"] in types] == missing


async def test_of_a_child_its_subtree_is_streamed_with_the_levels_of_the_tree(
    client: Client, finished: str, connection: asyncpg.Connection
) -> None:
    child = await connection.fetchval("select id from executions where parent_id = $1 limit 1", finished)
    async with opened_socket(client.server) as socket:
        batches = await whole_tree(socket, child, size=3)
        check_order(seen_in(*batches))
        below = "select id, depth from executions where id = $1 or parent_id = $1"
        levels = {each["event"]["executionId"]: each["level"] for each in events_of(*batches)}
        assert levels == dict(await connection.fetch(below, child))
        rest = await whole_tree(socket, child, after=batches[1]["cursor"])
        assert events_of(*rest) == events_of(*batches[2:])


async def test_the_first_batch_comes_at_once_even_if_it_is_empty(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        first = await watch_tree(socket, execution, wait=1000)
        assert (len(first["events"]), first["caughtUp"]) == (1, True)
        again = await watch_tree(socket, execution, "2", after=first["cursor"], wait=1000)
        assert again == {"events": [], "caughtUp": True, "cursor": first["cursor"]}


async def test_events_come_as_they_are_written(client: Client, execution: str, connection: asyncpg.Connection) -> None:
    async with opened_socket(client.server) as socket:
        await watch_tree(socket, execution)
        await append(connection, execution, FLOW_STARTED)
        assert [each.type for each in seen_in(await tree_batch(socket))] == ["FLOW_STARTED"]
        await append(connection, execution, started(), completed(), FLOW_COMPLETED)
        assert [each.index for each in seen_in(*await rest_of_tree(socket))] == [1, 2, 3]


async def test_a_replay_comes_in_full_batches(client: Client, execution: str, connection: asyncpg.Connection) -> None:
    await append(connection, execution, FLOW_STARTED, *[started(attempt=n) for n in range(1, 9)])
    async with opened_socket(client.server) as socket:
        batches = [await watch_tree(socket, execution, size=4, wait=1000), await tree_batch(socket)]
        batches.append(await tree_batch(socket))
        assert [[each.index for each in seen_in(batch)] for batch in batches] == [[-1, 0, 1, 2], [3, 4, 5, 6], [7, 8]]
        assert [each["caughtUp"] for each in batches] == [False, False, True]


async def test_a_quiet_filtered_stream_says_where_to_resume(
    client: Client, execution: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.batches.QUIET_SECONDS", 0.05)
    async with opened_socket(client.server) as socket:
        first = await watch_tree(socket, execution, types=["NODE_COMPLETED"])
        await append(connection, execution, FLOW_STARTED)
        quiet = await tree_batch(socket)
        assert (quiet["events"], quiet["caughtUp"], quiet["cursor"] != first["cursor"]) == ([], True, True)
        await append(connection, execution, completed())
        again = await watch_tree(socket, execution, "2", after=quiet["cursor"])
        assert [each.index for each in seen_in(again)] == [1]


async def test_a_filtered_stream_completes_after_a_terminal_event_that_was_dropped(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    async with opened_socket(client.server) as socket:
        await watch_tree(socket, execution, types=["NODE_COMPLETED"])
        await append(connection, execution, FLOW_STARTED, FLOW_COMPLETED)
        rest = await rest_of_tree(socket)
        assert (events_of(*rest), rest[-1]["caughtUp"]) == ([], True)
        assert events_of(*await whole_tree(socket, execution, after=rest[-1]["cursor"])) == []


def foreign_cursors(execution: str) -> list[str]:
    """What is no cursor of this execution's tree."""
    return [
        "nonsense",
        "",
        "é",
        encode_cursor("root", execution),
        encode_cursor("tree_events", "EX0000000000000000", 1, 1),
        encode_cursor("tree_events", execution, -1, 1),
        encode_cursor("tree_events", execution, 2**60, 1),
        encode_cursor("tree_events", execution, 2**63, 1),
        encode_cursor("tree_events", execution, "1", 1),
        encode_cursor("tree_events", execution, 1),
    ]


async def test_a_cursor_of_something_else_is_refused_and_the_socket_stays(client: Client, execution: str) -> None:
    async with opened_socket(client.server) as socket:
        for number, cursor in enumerate(foreign_cursors(execution)):
            await socket.subscribe(WATCH_TREE, str(number), id=execution, after=cursor)
            message = await socket.receive()
            assert (message["type"], message["id"]) == ("error", str(number)), cursor
            assert message["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
        assert len((await watch_tree(socket, execution))["events"]) == 1


async def test_a_cursor_that_the_log_has_lost_is_an_error(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await append(connection, execution, FLOW_STARTED, started())
    async with opened_socket(client.server) as socket:
        cursor = (await watch_tree(socket, execution))["cursor"]
        await connection.execute("delete from tree_heads")
        for number, lost in enumerate([cursor, encode_cursor("tree_events", execution, 1000, 1)], 2):
            await socket.subscribe(WATCH_TREE, str(number), id=execution, after=lost)
            message = await socket.receive()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "CONFLICT")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"size": 0}, "batchSize"),
        ({"size": 1001}, "batchSize"),
        ({"wait": -1}, "batchTimeoutMs"),
        ({"wait": 1001}, "batchTimeoutMs"),
    ],
)
async def test_an_argument_out_of_range_is_one_error_that_names_it(
    client: Client, execution: str, given: Json, field: str
) -> None:
    async with opened_socket(client.server) as socket:
        await socket.subscribe(WATCH_TREE, id=execution, **given)
        message = await socket.receive()
        assert message["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


async def test_what_is_not_the_viewers_is_not_found(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await connection.execute("update executions set owner_id = 'somebody else'")
    async with opened_socket(client.server) as socket:
        for number, id in enumerate([execution, "EX0000000000000000"]):
            await socket.subscribe(WATCH_TREE, str(number), id=id)
            message = await socket.receive()
            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] == "NOT_FOUND"
    assert client.server.services.trees.followed == 0


async def test_subscribers_share_one_tail_and_leave_nothing_behind(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    trees = client.server.services.trees
    async with opened_socket(client.server) as kept:
        async with opened_socket(client.server) as dropped:
            await watch_tree(kept, execution)
            await watch_tree(dropped, execution)
            await watch_tree(dropped, execution, "2")
            assert trees.followed == 1
            dropped.connection.transport.abort()
        await append(connection, execution, FLOW_STARTED)
        assert len(events_of(await tree_batch(kept))) == 1
        await kept.send(type="complete", id="1")
        await eventually(lambda: trees.followed == 0)


async def test_the_types_of_events_have_their_own_fields(client: Client, finished: str) -> None:
    query = """subscription($id: ID!) { executionTreeEvents(executionId: $id, batchSize: 1000) {
      events { level event { __typename ... on ExecutionCreatedEvent { depth rootExecutionId } } } } }"""
    async with opened_socket(client.server) as socket:
        await socket.subscribe(query, id=finished)
        events = (await tree_batch(socket))["events"]
    created = [each for each in events if each["event"]["__typename"] == "ExecutionCreatedEvent"]
    assert len(created) == 7
    assert all(
        each["event"] == {**each["event"], "depth": each["level"], "rootExecutionId": finished} for each in created
    )
