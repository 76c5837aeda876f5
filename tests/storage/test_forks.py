"""Rows of forks: what the create transaction writes, and what it leaves alone."""

import asyncpg
import orjson
import pytest

from engine.errors import NotFound
from engine.events import NodeCompleted
from engine.values import Value
from storage.events import read_events
from storage.flows import FlowRow
from storage.forks import TakenOver, create_fork, payload_ids
from storage.pool import Connection
from storage.transaction import transaction
from tests.storage.seeds import create, new_execution

LARGE = Value.of("x" * 70_000)


def completed(node_id: str, value: Value) -> NodeCompleted:
    return NodeCompleted(
        node_id=node_id, node_type="t", attempt=0, outputs={"value": Value.stored(orjson.loads(value.wire))},
        execution_time=1.0,
    )  # fmt: skip


async def test_a_fork_has_its_log_and_the_large_values_of_another_tree_in_one_transaction(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    original = await create(connection, flow, inputs={"large": LARGE})
    ends = [completed("b", LARGE), completed("a", Value.of(1e16))]
    payloads = payload_ids(value for event in ends for value in event.values())
    async with transaction(pool) as inside:
        new = new_execution(flow, forked_from_id=original.id)
        row, created = await create_fork(inside, new, TakenOver(original.id, ends, payloads))
    log = (await read_events(connection, row.id, -1, 10)).rows
    assert (created, row.last_index, row.forked_from_id, row.log_format) == (True, 1, original.id, 2)
    assert [(event.index, event.type) for event in log] == [
        (-1, "EXECUTION_CREATED"), (0, "NODE_COMPLETED"), (1, "NODE_COMPLETED"),
    ]  # fmt: skip
    assert [event.data.encode() for event in log[1:]] == [event.encode() for event in ends]
    assert await connection.fetchval("select last_index from execution_heads where execution_id = $1", row.id) == 1
    copied = await connection.fetchval("select text from payloads where root_id = $1", row.id)
    assert copied == LARGE.text.decode()


async def test_of_an_original_that_is_gone_no_fork_is_made(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    new = new_execution(flow, forked_from_id="EX0000000000000000")
    with pytest.raises(NotFound):
        async with transaction(pool) as inside:
            await create_fork(inside, new, TakenOver("EX0000000000000000", [], frozenset()))
    assert await connection.fetchval("select count(*) from executions") == 0


async def test_a_repeated_fork_adds_nothing_to_the_one_that_is_there(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    original = await create(connection, flow)
    rows = []
    for _ in range(2):
        new = new_execution(flow, forked_from_id=original.id, idempotency_key="k", request_digest="d")
        async with transaction(pool) as inside:
            taken_over = TakenOver(original.id, [completed("a", Value.of(1))], frozenset())
            rows.append(await create_fork(inside, new, taken_over))
    assert [created for _, created in rows] == [True, False]
    assert rows[0][0].id == rows[1][0].id
    assert len((await read_events(connection, rows[0][0].id, -1, 10)).rows) == 2
