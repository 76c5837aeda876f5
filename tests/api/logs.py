"""Writing to logs as a worker would, for tests of the API alone."""

import asyncpg

from engine.event import Event
from engine.events import FlowCompleted, FlowStarted, NodeCompleted, NodeStarted
from engine.values import Value
from storage.shards import EVENTS, channel, shard_of

INSERT = """
with moved as (
    update execution_heads set last_index = last_index + cardinality($2::text[])
    where execution_id = $1 returning last_index - cardinality($2::text[]) as last
)
insert into execution_events (execution_id, index, type, timestamp, data)
select $1, moved.last + event.place, event.type, clock_timestamp(), event.data
from moved, unnest($2::text[], $3::text[]) with ordinality as event (type, data, place)
returning index
"""


async def append(connection: asyncpg.Connection, execution_id: str, *events: Event) -> int:
    """Append events in one statement and say so; the index of the last."""
    types, data = [event.kind for event in events], [event.encode().decode() for event in events]
    async with connection.transaction():
        rows = await connection.fetch(INSERT, execution_id, types, data)
        for event in events:
            await _project(connection, execution_id, event)
    last = max(row["index"] for row in rows)
    payload = f"{execution_id}:{last}"
    await connection.execute("select pg_notify($1, $2)", channel(EVENTS, shard_of(execution_id)), payload)
    return int(last)


async def _project(connection: asyncpg.Connection, execution_id: str, event: Event) -> None:
    if event.enters:
        await connection.execute(
            """update executions set status = $2,
                   completed_at = case when $3 then clock_timestamp() end,
                   outputs = case when $2 = 'COMPLETED' then '{}' end
               where id = $1""",
            execution_id,
            event.enters.value,
            event.enters.ended,
        )


def started(node_id: str = "double", attempt: int = 1) -> NodeStarted:
    return NodeStarted(
        node_id=node_id, node_type="math.arithmetic", attempt=attempt, inputs={"a": Value.of(4)}, idempotency_key="k"
    )


def completed(node_id: str = "double", attempt: int = 1) -> NodeCompleted:
    return NodeCompleted(
        node_id=node_id,
        node_type="math.arithmetic",
        attempt=attempt,
        outputs={"result": Value.of(8)},
        execution_time=1.5,
    )


FLOW_STARTED = FlowStarted(worker_id="w")
FLOW_COMPLETED = FlowCompleted(outputs={}, execution_time=2.0)
