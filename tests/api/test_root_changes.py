"""The subscription rootExecutionsChanged."""

from typing import Any

import asyncpg
import httpx
import pytest

from storage.shards import EVENTS, channel, shard_of
from tests.api.client import Client, Json, Socket, opened_socket
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append
from tests.api.server import running_server
from tests.api.trees import create_tree
from tests.eventually import PATIENCE, eventually

WATCH = """subscription($flow: ID) {
  rootExecutionsChanged(flowId: $flow) { executions { id levels totalNested execution { id status flow { id } } } }
}"""


async def watch(socket: Socket, operation: str = "1", **given: Any) -> None:
    """Subscribe and see that the list is live."""
    await socket.subscribe(WATCH, operation, **given)
    assert await changed(socket) == []


async def changed(socket: Socket) -> list[Json]:
    """The roots of the next message."""
    return (await socket.next())["rootExecutionsChanged"]["executions"]


def statuses(roots: list[Json]) -> dict[str, str]:
    return {root["execution"]["id"]: root["execution"]["status"] for root in roots}


async def test_a_list_is_told_of_what_is_new_and_of_every_status(
    client: Client, connection: asyncpg.Connection
) -> None:
    flow = await client.create_flow()
    async with opened_socket(client.server) as socket:
        await watch(socket)
        execution = await client.create_execution(flow)
        [root] = await changed(socket)
        assert root["execution"] == {"id": execution, "status": "CREATED", "flow": {"id": flow}}
        assert (root["id"], root["levels"], root["totalNested"]) == (f"{execution}@root", 1, 0)
        await append(connection, execution, FLOW_STARTED)
        assert statuses(await changed(socket)) == {execution: "RUNNING"}
        await append(connection, execution, FLOW_COMPLETED)
        assert statuses(await changed(socket)) == {execution: "COMPLETED"}


async def test_a_list_of_a_flow_is_told_of_that_flow_only(client: Client) -> None:
    flow, other = await client.create_flow(), await client.create_flow()
    async with opened_socket(client.server) as socket:
        await watch(socket, flow=flow)
        await client.create_execution(other)
        execution = await client.create_execution(flow)
        assert statuses(await changed(socket)) == {execution: "CREATED"}


async def test_an_unknown_flow_is_not_found_and_the_socket_stays(
    client: Client, connection: asyncpg.Connection
) -> None:
    foreign = await client.create_flow()
    await connection.execute("update flows set owner_id = 'somebody else'")
    async with opened_socket(client.server) as socket:
        for number, flow in enumerate([foreign, "FL0000000000000000"], 2):
            await socket.subscribe(WATCH, str(number), flow=flow)
            message = await socket.receive()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")
        await watch(socket)
    await eventually(lambda: client.server.services.roots.watching == 0)


async def test_nobody_is_told_of_what_belongs_to_others(client: Client, connection: asyncpg.Connection) -> None:
    flow = await client.create_flow()
    mine, foreign = await client.create_execution(flow), await client.create_execution(flow)
    await connection.execute("update executions set owner_id = 'somebody else' where id = $1", foreign)
    async with opened_socket(client.server) as socket:
        await watch(socket)
        await append(connection, foreign, FLOW_STARTED)
        await append(connection, mine, FLOW_STARTED)
        assert statuses(await changed(socket)) == {mine: "RUNNING"}


async def test_what_happens_in_another_process_is_told_without_waiting_for_the_poll(
    client: Client, database_url: str, redis_url: str
) -> None:
    async with running_server(database_url, redis_url) as other, opened_socket(client.server) as socket:
        client.server.services.roots._poll_seconds = 3_600
        await watch(socket)
        await eventually(lambda: client.server.services.roots._poll_at > 0)
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            elsewhere = Client(other, http)
            execution = await elsewhere.create_execution(await elsewhere.create_flow())
        assert statuses(await changed(socket)) == {execution: "CREATED"}


async def test_a_lost_notification_is_healed(client: Client, connection: asyncpg.Connection) -> None:
    execution = await client.create_execution(await client.create_flow())
    async with opened_socket(client.server) as socket:
        await watch(socket)
        await connection.execute(
            "update executions set status = 'STOPPED', completed_at = clock_timestamp() where id = $1", execution
        )
        assert statuses(await changed(socket)) == {execution: "STOPPED"}


async def test_many_changes_of_one_execution_are_one_and_show_the_newest(
    client: Client, connection: asyncpg.Connection
) -> None:
    flow = await client.create_flow()
    async with opened_socket(client.server) as socket:
        await watch(socket)
        executions = [await client.create_execution(flow) for _ in range(5)]
        for execution in executions:
            await append(connection, execution, FLOW_STARTED, FLOW_COMPLETED)
        seen: dict[str, str] = {}
        messages = 0
        while set(seen.values()) != {"COMPLETED"} or len(seen) < 5:
            seen |= statuses(await changed(socket))
            messages += 1
        changes = 3 * len(executions)
        assert messages < changes


async def test_a_notification_of_what_is_not_there_is_no_change(client: Client, connection: asyncpg.Connection) -> None:
    flow = await client.create_flow()
    ghost = "EX0000000000000000"
    async with opened_socket(client.server) as socket:
        await watch(socket)
        await connection.execute("select pg_notify($1, $2)", channel(EVENTS, shard_of(ghost)), f"{ghost}:0")
        execution = await client.create_execution(flow)
        assert statuses(await changed(socket)) == {execution: "CREATED"}


# arq closes its connection by a name that redis has deprecated.
@pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
async def test_a_tree_that_runs_is_one_root_whose_size_is_read_anew(client: Client, worker: None) -> None:
    async with opened_socket(client.server) as socket:
        await watch(socket)
        execution = await create_tree(client, 2, 2, autoStart=True)
        roots: list[Json] = []
        while not roots or roots[-1]["execution"]["status"] != "COMPLETED":
            roots += await changed(socket)
        assert {root["execution"]["id"] for root in roots} == {execution}
        assert (roots[-1]["levels"], roots[-1]["totalNested"]) == (3, 6)
