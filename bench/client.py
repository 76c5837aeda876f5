"""Creating and starting executions by the service layer, without HTTP, and seeing when they have ended."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from bench.flows import Document
from bench.stage import Stage
from engine.ids import new_execution_id
from engine.options import ExecutionOptions
from engine.status import ExecutionCommand
from jobs.dispatch import Doorbell
from storage.commands import send_command
from storage.executions import create_execution
from storage.flows import create_flow
from storage.new_executions import NewExecution
from storage.notify import Notifier
from storage.shards import COMMANDS
from storage.transaction import transaction

OWNER = "local"
"""Whom the API takes its callers for."""
LOOK_SECONDS = 0.01


class Client:
    """Does what the API's mutations do; `async with` it."""

    def __init__(self, stage: Stage) -> None:
        self._pool = stage.pool
        self._doorbell = Doorbell(stage.redis_url)
        self._notifier = Notifier(stage.pool, COMMANDS)

    async def __aenter__(self) -> "Client":
        await self._doorbell.start()
        await self._notifier.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._notifier.stop()
        await self._doorbell.stop()

    async def flow(self, document: Document) -> str:
        """Make a flow; gives its id."""
        async with transaction(self._pool) as connection:
            row = await create_flow(
                connection, owner_id=OWNER, name=document["name"], description=None, document=document
            )
            return row.id

    async def create(self, flow_id: str, options: ExecutionOptions) -> str:
        """Create an execution; gives its id."""
        new = NewExecution(
            id=new_execution_id(),
            flow_id=flow_id,
            flow_version=1,
            flow_name="",
            owner_id=OWNER,
            inputs={},
            port_values=[],
            options=options,
            integration=None,
            external_events=[],
            priority=0,
            idempotency_key=None,
            request_digest=None,
        )
        async with transaction(self._pool) as connection:
            await create_execution(connection, new)
        self._doorbell.ring()
        return new.id

    async def start(self, execution_id: str) -> None:
        """Let an execution go."""
        await self.send(execution_id, ExecutionCommand.START)

    async def send(self, execution_id: str, command: ExecutionCommand, payload: Any = None) -> None:
        """Give an execution a command."""
        async with transaction(self._pool) as connection:
            accepted = await send_command(connection, execution_id, command, payload)
        self._notifier.notify(execution_id, accepted.seq)
        self._doorbell.ring()

    def ring(self) -> None:
        """Have a worker look."""
        self._doorbell.ring()

    async def run_many(self, flow_id: str, count: int, concurrency: int, options: ExecutionOptions) -> float:
        """Create and start `count` executions, up to `concurrency` at once; gives the seconds until all completed."""
        began = time.perf_counter()
        under_way: set[str] = set()
        left = count
        while left or under_way:
            fresh = min(concurrency - len(under_way), left)
            left -= fresh
            under_way |= set(await asyncio.gather(*(self._create_and_start(flow_id, options) for _ in range(fresh))))
            under_way -= await self._ended(list(under_way))
            await asyncio.sleep(LOOK_SECONDS)
        return time.perf_counter() - began

    async def until_ended(self, ids: set[str]) -> None:
        """Wait until all of these have completed."""
        while ids:
            ids = ids - await self._ended(list(ids))
            await asyncio.sleep(LOOK_SECONDS)

    async def _create_and_start(self, flow_id: str, options: ExecutionOptions) -> str:
        execution_id = await self.create(flow_id, options)
        await self.start(execution_id)
        return execution_id

    async def _ended(self, ids: Sequence[str]) -> set[str]:
        query = "select id, status from executions where id = any ($1::text[]) and completed_at is not null"
        rows = await self._pool.fetch(query, ids)
        failed = [row["id"] for row in rows if row["status"] != "COMPLETED"]
        if failed:
            raise RuntimeError(f"{failed[0]} did not complete")
        return {row["id"] for row in rows}
