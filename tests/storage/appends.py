"""Appends of tests: executions that are claimed, and members of a batch for them."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson

from storage.append import Member, Outcome, Projection, Row, append
from storage.claims import Claim, claim
from storage.flows import FlowRow
from storage.pool import Connection
from tests.storage.seeds import create

AT = 1_800_000_000_000
"""When the events of tests happen, in milliseconds since 1970."""

TERMINAL = {
    "COMPLETED": ("FLOW_COMPLETED", '{"outputs":{},"failedNodeCount":0,"executionTime":0.0}'),
    "FAILED": ("FLOW_FAILED", '{"error":{"code":"NODE","message":"No."},"executionTime":0.0}'),
    "STOPPED": ("FLOW_CANCELLED", '{"reason":null,"executionTime":0.0}'),
}


async def claimed(connection: Connection, flow: FlowRow, count: int = 1, worker_id: str = "worker") -> list[Claim]:
    """New executions that a worker has claimed, in the order of their ids."""
    for _ in range(count):
        await create(connection, flow)
    claims = await claim(connection, worker_id, count)
    assert len(claims) == count
    return sorted(claims, key=lambda each: each.execution_id)


def logs(first: int, count: int = 1, text: str = "x") -> list[Row]:
    """Rows that change nothing but the log."""
    data = orjson.dumps({"nodeId": "a", "nodeType": "debug.log", "log": text}).decode()
    return [Row(first + n, "NODE_DEBUG_LOG_STRING", "a", AT, data) for n in range(count)]


def started(index: int) -> Row:
    """FLOW_STARTED."""
    return Row(index, "FLOW_STARTED", None, AT, '{"workerId":"worker"}')


def member(of: Claim, rows: list[Row] | None = None, **changes: Any) -> Member:
    """An append under a claim that was not used before; without `rows`, of one log line."""
    plain: dict[str, Any] = {
        "execution_id": of.execution_id,
        "token": of.token,
        "expected_index": of.last_index,
        "append_id": uuid4(),
        "rows": logs(of.last_index + 1) if rows is None else rows,
        "status": changes["projection"].status or of.status if "projection" in changes else of.status,
        "acknowledged": of.acknowledged,
    }
    return Member(**{**plain, **changes})


def ending(of: Claim, status: str = "COMPLETED", rows: list[Row] | None = None, **changes: Any) -> Member:
    """The append that ends an execution and lets go of it."""
    kind, data = TERMINAL[status]
    before = rows or []
    last = Row(of.last_index + 1 + len(before), kind, None, AT, data)
    starts = [row for row in before if row.type == "FLOW_STARTED"]
    projection = Projection(
        status=status,
        started_at=AT if starts else None,
        completed_at=AT,
        outputs="{}" if status == "COMPLETED" else None,
        error='{"code":"NODE","message":"No."}' if status == "FAILED" else None,
    )
    return member(of, [*before, last], release=True, projection=projection, **changes)


async def one(connection: Connection, given: Member) -> Outcome:
    """Append a batch of one."""
    return (await append(connection, [given]))[given.execution_id]


async def log_of(pool: asyncpg.Pool, execution_id: str) -> list[str]:
    """The kinds of an execution's events, in order."""
    rows = await pool.fetch("select type from execution_events where execution_id = $1 order by index", execution_id)
    return [row["type"] for row in rows]


async def head(pool: asyncpg.Pool, execution_id: str) -> asyncpg.Record:
    """The head of an execution."""
    row = await pool.fetchrow("select * from execution_heads where execution_id = $1", execution_id)
    assert row is not None
    return row


async def set_token(pool: asyncpg.Pool, execution_id: str, worker_id: str) -> UUID:
    """Give an execution to another worker, as a theft does."""
    token = uuid4()
    async with pool.acquire() as connection, connection.transaction():
        update = "update execution_heads set token = $2, worker_id = $3 where execution_id = $1"
        await connection.execute(update, execution_id, token, worker_id)
        await connection.execute("update queue set worker_id = $2 where execution_id = $1", execution_id, worker_id)
    return token
