"""Logs that are written by hand, so that only the reading of them is measured."""

import time

from bench.client import Client
from bench.flows import chain
from bench.stage import Stage
from engine.options import ExecutionOptions
from storage.shards import EVENTS, channel, shard_of

GROW = """
with head as (
    update execution_heads set last_index = last_index + $2 where execution_id = $1 returning last_index
)
insert into execution_events (execution_id, index, type, node_id, timestamp, data)
select $1, last_index - $2 + n, case when n % 2 = 0 then 'NODE_COMPLETED' else 'NODE_STARTED' end, 'n1',
    clock_timestamp(), case when n % 2 = 0
        then '{"nodeId":"n1","nodeType":"math.arithmetic","attempt":1,"outputs":{"result":12},"executionTime":0.25}'
        else '{"nodeId":"n1","nodeType":"math.arithmetic","attempt":1,"inputs":{"a":4,"b":3},"idempotencyKey":"k"}' end
from head, generate_series(1, $2::integer) as n
"""

END = """
with head as (
    update execution_heads set last_index = last_index + 1 where execution_id = $1 returning last_index
), ended as (
    update executions set status = 'COMPLETED', completed_at = clock_timestamp(), outputs = '{}' where id = $1
)
insert into execution_events (execution_id, index, type, timestamp, data)
select $1, last_index, 'FLOW_COMPLETED', clock_timestamp(), '{"executionTime":1.5,"failedNodeCount":0,"outputs":{}}'
from head
"""


class Log:
    """The log of one execution, which no worker knows."""

    def __init__(self, stage: Stage, execution_id: str) -> None:
        self._pool = stage.pool
        self.execution_id = execution_id
        self.last_index = -1
        self.committed: dict[int, float] = {}

    @classmethod
    async def new(cls, stage: Stage) -> "Log":
        """A log with nothing but the creation."""
        async with Client(stage) as client:
            return cls(stage, await client.create(await client.flow(chain(10)), ExecutionOptions()))

    async def grow(self, events: int) -> None:
        """Append so many events in one commit, note when that was done (`time.perf_counter`), and notify."""
        await self._pool.execute(GROW, self.execution_id, events)
        await self._tell(events)

    async def end(self) -> None:
        """Append the terminal event."""
        await self._pool.execute(END, self.execution_id)
        await self._tell(1)

    async def _tell(self, events: int) -> None:
        now = time.perf_counter()
        self.committed.update(dict.fromkeys(range(self.last_index + 1, self.last_index + 1 + events), now))
        self.last_index += events
        name = channel(EVENTS, shard_of(self.execution_id))
        await self._pool.execute("select pg_notify($1, $2)", name, f"{self.execution_id}:{self.last_index}")
