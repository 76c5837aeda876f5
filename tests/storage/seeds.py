"""Rows that tests begin with."""

from typing import Any

import asyncpg

from engine.ids import new_execution_id
from engine.options import ExecutionOptions
from storage.executions import ExecutionRow, NewExecution, create_execution
from storage.flows import FlowRow
from storage.pool import Connection
from storage.transaction import transaction

GROW = """
with head as (
    update execution_heads set last_index = last_index + $2 where execution_id = $1 returning last_index
)
insert into execution_events (execution_id, index, type, timestamp, data)
select $1, last_index - $2 + n, case when n = $2 and $3 then 'FLOW_COMPLETED' else 'NODE_STARTED' end,
    clock_timestamp(), json_build_object('n', last_index - $2 + n, 'fill', repeat('x', $4))::text
from head, generate_series(1, $2::integer) as n
"""

END = "update executions set status = 'COMPLETED', completed_at = clock_timestamp(), outputs = '{}' where id = $1"


def new_execution(flow: FlowRow, **changes: Any) -> NewExecution:
    """An execution of version 1 of a flow, by its owner."""
    plain: dict[str, Any] = {
        "id": new_execution_id(),
        "flow_id": flow.id,
        "flow_version": 1,
        "flow_name": flow.name,
        "owner_id": flow.owner_id,
        "inputs": {},
        "port_values": [],
        "options": ExecutionOptions(),
        "integration": None,
        "external_events": [],
        "priority": 0,
        "idempotency_key": None,
        "request_digest": None,
    }
    return NewExecution(**{**plain, **changes})


async def create(connection: Connection, flow: FlowRow, **changes: Any) -> ExecutionRow:
    """Make such an execution."""
    async with connection.transaction():
        row, _ = await create_execution(connection, new_execution(flow, **changes))
    return row


async def grow(pool: asyncpg.Pool, execution_id: str, events: int, *, ended: bool = False, fill: int = 0) -> None:
    """Append events to a log in one commit; the last one ends it if `ended`. Nobody is notified."""
    async with transaction(pool) as connection:
        await connection.execute(GROW, execution_id, events, ended, fill)
        if ended:
            await connection.execute(END, execution_id)
