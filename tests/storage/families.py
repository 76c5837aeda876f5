"""Families of tests: parents that are claimed, their children, and what is told between them."""

from dataclasses import replace
from typing import Any

import asyncpg
import orjson

from engine.ids import new_execution_id
from storage.append import Child, Member, Outcome, Row
from storage.claims import Claim, claim
from storage.flows import FlowRow
from storage.pool import Connection
from tests.storage.appends import AT, claimed, ending, head, member, one, started

ENOUGH = 1000


def child(of: Claim, number: int = 0, **changes: Any) -> Child:
    """A child of the claimed execution, of the same flow; `number` tells those of one parent apart."""
    plain: dict[str, Any] = {
        "id": new_execution_id(),
        "flow_id": of.flow_id,
        "flow_version": of.flow_version,
        "depth": of.depth + 1,
        "inputs": "{}",
        "port_values": "[]",
        "options": "{}",
        "integration": None,
        "external_events": "[]",
        "spawned_by": "node",
        "spawn_key": f"node:1:{number}",
        "created_event": "{}",
    }
    return Child(**{**plain, **changes})


def spawning(of: Claim, children: list[Child], limit: int = ENOUGH, **changes: Any) -> Member:
    """The append that creates children, with the events that say so."""
    rows = [
        Row(of.last_index + 1 + n, "CHILD_EXECUTION_SPAWNED", None, AT, _spawned(each))
        for n, each in enumerate(children)
    ]
    return member(of, rows, **{"children": children, "child_limit": limit, **changes})


def _spawned(child: Child) -> str:
    return orjson.dumps({"childExecutionId": child.id, "spawnedByNodeId": child.spawned_by}).decode()


def after(of: Claim, written: Member) -> Claim:
    """The claim as it is once this append is in the log."""
    return replace(of, last_index=written.last_index, acknowledged=max(of.acknowledged, written.consumed))


async def family(connection: Connection, flow: FlowRow, count: int = 1) -> tuple[Claim, list[str]]:
    """A claimed root and the ids of its children, which wait in the queue."""
    [parent] = await claimed(connection, flow)
    return await with_children(connection, parent, count)


async def with_children(connection: Connection, parent: Claim, count: int = 1) -> tuple[Claim, list[str]]:
    """A claim after its first children were created, and their ids."""
    children = [child(parent, number) for number in range(count)]
    written = spawning(parent, children)
    assert await one(connection, written) is Outcome.COMMITTED
    return after(parent, written), [each.id for each in children]


async def taken(connection: Connection, count: int, worker_id: str = "other") -> list[Claim]:
    """What waits in the queue, claimed, in the order of its ids."""
    claims = await claim(connection, worker_id, count)
    assert len(claims) == count
    return sorted(claims, key=lambda each: each.execution_id)


def reporting(of: Claim, status: str = "COMPLETED", **changes: Any) -> Member:
    """The append in which a child that was just claimed starts, ends, and tells its parent so."""
    report = orjson.dumps({"childExecutionId": of.execution_id, "outputs": {}}).decode()
    return ending(
        of, status, rows=[started(of.last_index + 1)], **{"seen": 1, "consumed": 1, "report": report, **changes}
    )


def parking(of: Claim, **changes: Any) -> Member:
    """The append that lets go of an execution until somebody tells it something."""
    return member(of, [], **{"release": True, "seen": of.acknowledged, **changes})


async def inbox_of(pool: asyncpg.Pool, execution_id: str) -> list[str]:
    """The kinds of what an execution was told and has not acted on, in order."""
    rows = await pool.fetch("select kind from inbox where execution_id = $1 order by id", execution_id)
    return [row["kind"] for row in rows]


async def is_queued(pool: asyncpg.Pool, execution_id: str) -> bool:
    """Whether an execution waits for a worker."""
    assert (await head(pool, execution_id))["token"] is None
    query = "select exists (select from queue where execution_id = $1 and worker_id is null)"
    return bool(await pool.fetchval(query, execution_id))
