"""Making executions: all or nothing, once per idempotency key, large values beside them."""

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest

from engine.errors import Conflict, NotFound, ValueRefused
from engine.events import decode
from engine.ids import new_execution_id
from engine.options import ExecutionOptions
from engine.status import ExecutionStatus
from engine.values import INLINE_LIMIT
from storage.access import Access, Reader, Seen
from storage.events import log_ends, read_events
from storage.executions import ExecutionRow, create_execution, executions_by_id
from storage.flows import FlowRow
from storage.payloads import load_payloads
from storage.pool import Connection
from storage.transaction import transaction
from tests.eventually import eventually
from tests.storage.seeds import create, grow, new_execution

LARGE = "é" * INLINE_LIMIT


async def make(pool: asyncpg.Pool, flow: FlowRow, **changes: Any) -> tuple[ExecutionRow, bool]:
    async with transaction(pool) as connection:
        return await create_execution(connection, new_execution(flow, **changes))


async def blocked(pool: asyncpg.Pool) -> bool:
    """Whether a session of this database waits for a lock."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return bool(await pool.fetchval(waiting))


async def counts(connection: Connection) -> list[int]:
    tables = ("executions", "execution_heads", "execution_events", "queue", "payloads")
    return [await connection.fetchval(f"select count(*) from {table}") for table in tables]


async def test_a_new_execution_has_a_head_its_first_event_and_a_place_in_the_queue(
    connection: Connection, flow: FlowRow
) -> None:
    row = await create(connection, flow, priority=3)
    assert (row.status, row.last_index, row.root_id, row.depth) == (ExecutionStatus.CREATED, -1, row.id, 0)
    assert await log_ends(connection, [row.id]) == {row.id: (-1, False)}
    (event,) = (await read_events(connection, row.id, -1, 10)).rows
    created = decode(event.type, event.data)
    assert (event.index, created.kind, event.timestamp) == (-1, "EXECUTION_CREATED", row.created_at)
    assert vars(created) == {
        "flow_id": flow.id,
        "flow_version": 1,
        "flow_name": "Sum",
        "owner_id": "ada",
        "root_execution_id": row.id,
        "parent_execution_id": None,
        "depth": 0,
        "forked_from_id": None,
    }
    queued = await connection.fetchrow("select * from queue where execution_id = $1", row.id)
    assert (queued["owner_id"], queued["priority"], queued["worker_id"]) == ("ada", 3, None)


async def test_what_is_created_reads_back_the_same(connection: Connection, flow: FlowRow) -> None:
    inputs = {"z": 1e16, "a": [-0.0, None, {"é": 3.141592653589793}]}
    row = await create(
        connection,
        flow,
        inputs=inputs,
        port_values=[{"nodeId": "n", "port": "p", "value": {"b": 1, "a": 2}}],
        options=ExecutionOptions(breakpoints=["n"], max_concurrency=2),
        integration={"tenant": 7},
        external_events=[{"eventName": "paid", "payload": [1]}],
        priority=-1,
        idempotency_key="key",
        request_digest="digest",
    )
    assert (await executions_by_id(connection, Reader("ada"), [row.id]))[row.id].row == row
    assert orjson.dumps(row.inputs) == orjson.dumps(inputs)
    assert row.port_values == [{"nodeId": "n", "port": "p", "value": {"b": 1, "a": 2}}]
    assert (row.integration, row.external_events) == ({"tenant": 7}, [{"eventName": "paid", "payload": [1]}])
    assert (row.options.breakpoints, row.options.max_concurrency, row.priority) == (["n"], 2, -1)


async def test_a_child_names_its_root_and_parent(connection: Connection, flow: FlowRow) -> None:
    root = await create(connection, flow)
    child = await create(connection, flow, root_id=root.id, parent_id=root.id, depth=1)
    (event,) = (await read_events(connection, child.id, -1, 1)).rows
    assert orjson.loads(event.data)["parentExecutionId"] == root.id
    assert (child.root_id, child.parent_id, child.depth) == (root.id, root.id, 1)


async def test_large_values_are_stored_once_beside_the_row(connection: Connection, flow: FlowRow) -> None:
    row = await create(
        connection,
        flow,
        inputs={"one": LARGE, "two": LARGE, "small": "s"},
        port_values=[{"nodeId": "n", "port": "p", "value": [LARGE]}],
    )
    one, two = row.inputs["one"]["$payload"], row.inputs["two"]["$payload"]
    other = row.port_values[0]["value"]["$payload"]
    assert one == two
    assert (one["bytes"], one["preview"], row.inputs["small"]) == (2 * INLINE_LIMIT + 2, '"' + "é" * 199, "s")
    assert await load_payloads(connection, row.id, [one["id"], other["id"], "unknown"]) == {
        one["id"]: LARGE,
        other["id"]: [LARGE],
    }


async def test_a_child_shares_the_payloads_of_its_tree(connection: Connection, flow: FlowRow) -> None:
    root = await create(connection, flow, inputs={"x": LARGE})
    await create(connection, flow, inputs={"x": LARGE}, root_id=root.id, parent_id=root.id, depth=1)
    assert await connection.fetchval("select count(*) from payloads") == 1
    assert await load_payloads(connection, "another root", [root.inputs["x"]["$payload"]["id"]]) == {}


@pytest.mark.parametrize("value", [float("inf"), "nul\0", "\ud800", 2**64], ids=["inf", "nul", "surrogate", "huge"])
async def test_a_value_that_cannot_be_stored_exactly_leaves_nothing(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow, value: object
) -> None:
    for changes in ({"inputs": {"x": value}}, {"integration": value}, {"external_events": [{"payload": value}]}):
        with pytest.raises(ValueRefused):
            await make(pool, flow, **changes)
    assert await counts(connection) == [0, 0, 0, 0, 0]


async def test_a_create_that_is_rolled_back_leaves_nothing(connection: Connection, flow: FlowRow) -> None:
    undone = connection.transaction()
    await undone.start()
    await create_execution(connection, new_execution(flow, inputs={"x": LARGE}))
    assert await counts(connection) == [1, 1, 1, 1, 1]
    await undone.rollback()
    assert await counts(connection) == [0, 0, 0, 0, 0]


async def test_an_execution_of_a_flow_that_is_not_there_is_not_found(pool: asyncpg.Pool, flow: FlowRow) -> None:
    with pytest.raises(NotFound):
        await make(pool, flow, flow_id="FL0")
    with pytest.raises(NotFound):
        await make(pool, flow, flow_id="FL0", idempotency_key="key", request_digest="d")


async def test_the_same_key_and_request_give_the_execution_that_is_there(pool: asyncpg.Pool, flow: FlowRow) -> None:
    first, created = await make(pool, flow, idempotency_key="key", request_digest="d")
    assert created
    await grow(pool, first.id, 2)
    again, created = await make(pool, flow, idempotency_key="key", request_digest="d")
    assert (again.id, created, again.last_index) == (first.id, False, 1)


async def test_a_repeated_create_gives_the_execution_even_when_its_flow_is_deleted(
    pool: asyncpg.Pool, flow: FlowRow
) -> None:
    first, _ = await make(pool, flow, idempotency_key="key", request_digest="d")
    await pool.execute("update flows set deleted_at = now()")
    again, created = await make(pool, flow, idempotency_key="key", request_digest="d")
    assert (again.id, created) == (first.id, False)


async def test_another_request_under_the_same_key_is_a_conflict(pool: asyncpg.Pool, flow: FlowRow) -> None:
    await make(pool, flow, idempotency_key="key", request_digest="d")
    with pytest.raises(Conflict):
        await make(pool, flow, idempotency_key="key", request_digest="another")


async def test_keys_of_two_owners_do_not_meet(pool: asyncpg.Pool, flow: FlowRow) -> None:
    first, _ = await make(pool, flow, idempotency_key="key", request_digest="d")
    second, created = await make(pool, flow, owner_id="eve", idempotency_key="key", request_digest="d")
    assert created
    assert first.id != second.id


async def test_equal_keys_in_parallel_give_one_execution(pool: asyncpg.Pool, flow: FlowRow) -> None:
    made = await asyncio.gather(*[make(pool, flow, idempotency_key="key", request_digest="d") for _ in range(40)])
    assert len({row.id for row, _ in made}) == 1
    assert [created for _, created in made].count(True) == 1
    assert await counts(pool) == [1, 1, 1, 1, 0]


async def test_a_second_create_waits_for_the_first_and_makes_its_own_when_that_is_rolled_back(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    abandoned = connection.transaction()
    await abandoned.start()
    first, _ = await create_execution(connection, new_execution(flow, idempotency_key="key", request_digest="d"))
    waiting = asyncio.create_task(make(pool, flow, idempotency_key="key", request_digest="d"))
    await eventually(lambda: blocked(pool))
    await abandoned.rollback()
    second, created = await waiting
    assert created
    assert second.id != first.id


async def test_an_execution_of_another_owner_is_not_given(connection: Connection, flow: FlowRow) -> None:
    row = await create(connection, flow)
    assert await executions_by_id(connection, Reader("eve"), [row.id]) == {}
    assert await executions_by_id(connection, Reader("ada"), [row.id, new_execution_id()]) == {
        row.id: Seen(row, Access.OWN)
    }


async def test_an_execution_is_as_new_as_its_last_append(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    row = await create(connection, flow)
    await connection.execute("update execution_heads set updated_at = now() + interval '1 minute', last_index = 5")
    now = (await executions_by_id(connection, Reader("ada"), [row.id]))[row.id].row
    assert now.updated_at > row.updated_at
    assert now.last_index == 5
