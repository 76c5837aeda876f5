"""A client of the service, as the API is one: rows in one transaction, a notification or a ring after it."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import asyncpg
import orjson

from engine.capability import pin
from engine.document import parse_document
from engine.ids import new_execution_id
from engine.options import ExecutionOptions
from engine.registry import NodeTypes
from engine.status import ExecutionCommand
from jobs.dispatch import Doorbell
from storage.commands import Accepted, send_command
from storage.executions import NewExecution, create_execution
from storage.flows import create_flow, update_flow
from storage.notify import Notifier
from storage.shards import COMMANDS
from storage.transaction import transaction
from tests.eventually import PATIENCE, eventually

T = TypeVar("T")
Events = list[tuple[str, dict[str, Any]]]


class Client:
    """Makes and commands executions; `async with` it. Without a Redis URL it never rings."""

    def __init__(self, pool: asyncpg.Pool, redis_url: str | None, *, owner: str = "ada") -> None:
        self.pool = pool
        self.owner = owner
        self._doorbell = Doorbell(redis_url) if redis_url else None
        self._notifier = Notifier(pool, COMMANDS)

    async def __aenter__(self) -> "Client":
        await self._notifier.start()
        if self._doorbell:
            await self._doorbell.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._notifier.stop()
        if self._doorbell:
            await self._doorbell.stop()

    def tell(self, execution_id: str) -> None:
        """Have the worker that holds an execution look at its mail."""
        self._notifier.notify(execution_id, 0)

    def ring(self) -> None:
        """Have a worker look."""
        if self._doorbell:
            self._doorbell.ring()

    async def flow(
        self,
        nodes: list[dict[str, Any]],
        edges: list[tuple[str, str]] | None = None,
        node_types: NodeTypes | None = None,
    ) -> str:
        """Store a flow, with what it relies on in these node types, if any are given; gives its id."""
        document = _document(nodes, edges)
        pinned = node_types and pin(parse_document(document), node_types)
        async with transaction(self.pool) as connection:
            row = await create_flow(
                connection, owner_id=self.owner, name="Test", description=None, document=document, node_types=pinned
            )
        return row.id

    async def update(
        self, flow_id: str, nodes: list[dict[str, Any]], edges: list[tuple[str, str]] | None = None
    ) -> None:
        """Store another version of a flow."""
        async with transaction(self.pool) as connection:
            await update_flow(
                connection,
                flow_id=flow_id,
                owner_id=self.owner,
                name="Test",
                description=None,
                document=_document(nodes, edges),
                expected_version=None,
            )

    async def create(
        self,
        flow_id: str,
        *,
        inputs: dict[str, Any] | None = None,
        priority: int = 0,
        events: Sequence[dict[str, Any]] = (),
        **options: Any,
    ) -> str:
        """Make an execution of the newest version; gives its id."""
        version = await self.pool.fetchval("select latest_version from flows where id = $1", flow_id)
        new = NewExecution(
            id=new_execution_id(),
            flow_id=flow_id,
            flow_version=version,
            flow_name="Test",
            owner_id=self.owner,
            inputs=inputs or {},
            port_values=[],
            options=ExecutionOptions(**options),
            integration=None,
            external_events=events,
            priority=priority,
            idempotency_key=None,
            request_digest=None,
        )
        async with transaction(self.pool) as connection:
            await create_execution(connection, new)
        self.ring()
        return new.id

    async def send(self, execution_id: str, command: ExecutionCommand, payload: Any = None) -> Accepted:
        """Put a command into the mailbox and say so."""
        async with self.pool.acquire() as connection:
            accepted = await send_command(connection, execution_id, command, payload)
        if accepted.is_held:
            self._notifier.notify(execution_id, accepted.seq)
        else:
            self.ring()
        return accepted

    async def start(self, execution_id: str) -> Accepted:
        """Let an execution go."""
        return await self.send(execution_id, ExecutionCommand.START)

    async def stop(self, execution_id: str, reason: str | None = None) -> Accepted:
        """End an execution."""
        return await self.send(execution_id, ExecutionCommand.STOP, {"reason": reason})

    async def run(self, flow_id: str, **options: Any) -> str:
        """Make an execution and let it go; gives its id."""
        execution_id = await self.create(flow_id, **options)
        await self.start(execution_id)
        return execution_id

    def in_background(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Go on with a call while the test does something else."""
        return asyncio.create_task(work)

    async def waits_for_a_lock(self, times: int = 1) -> None:
        """Wait until so many statements wait for another's row lock."""
        query = """select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'transactionid'"""

        async def waiting() -> bool:
            return bool(await self.pool.fetchval(query) >= times)

        await eventually(waiting)

    async def terminate(self, application: str) -> int:
        """Terminate the backends of an application, which rolls back what they are at; how many they were."""
        query = """select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = $1 and datname = current_database()"""
        return len(await self.pool.fetch(query, application))

    async def held(self, execution_id: str) -> str:
        """Wait until a worker has claimed an execution; gives the worker's id."""

        async def holder() -> str | None:
            return str((await self.row(execution_id))["worker_id"] or "")

        return str(await eventually(holder))

    async def row(self, execution_id: str) -> asyncpg.Record:
        """An execution with its head."""
        row = await self.pool.fetchrow(
            "select * from executions x join execution_heads h on h.execution_id = x.id where x.id = $1", execution_id
        )
        assert row is not None
        return row

    async def status(self, execution_id: str) -> str:
        """The status of an execution."""
        return str((await self.row(execution_id))["status"])

    async def events(self, execution_id: str) -> Events:
        """The kind and the data of each event, in order."""
        rows = await self.pool.fetch(
            "select type, data from execution_events where execution_id = $1 order by index", execution_id
        )
        return [(row["type"], orjson.loads(row["data"])) for row in rows]

    async def kinds(self, execution_id: str) -> list[str]:
        """The kinds of an execution's events, in order."""
        return [kind for kind, _ in await self.events(execution_id)]

    async def saw(self, execution_id: str, kind: str, within: float = PATIENCE, **fields: Any) -> dict[str, Any]:
        """Wait for an event of a kind whose data has these fields; gives its data."""

        async def found() -> list[dict[str, Any]]:
            events = await self.events(execution_id)
            return [data for name, data in events if name == kind and fields.items() <= data.items()]

        return (await eventually(found, within))[0]

    async def ended(self, execution_id: str, status: str = "COMPLETED", within: float = PATIENCE) -> asyncpg.Record:
        """Wait for the end of an execution, which must be in this status; gives its row."""

        async def over() -> asyncpg.Record | None:
            row = await self.row(execution_id)
            return row if row["completed_at"] else None

        row = await eventually(over, within)
        assert row["status"] == status, row["error"]
        return row

    async def all_ended(self, ids: list[str], status: str = "COMPLETED", within: float = 2 * PATIENCE) -> None:
        """Wait until all of these have ended; each must be in this status."""
        query = "select count(*) from executions where id = any ($1::text[]) and completed_at is not null"

        async def over() -> bool:
            return bool(await self.pool.fetchval(query, ids) == len(ids))

        await eventually(over, within)
        rows = await self.pool.fetch("select id, status, error from executions where id = any ($1::text[])", ids)
        assert {row["id"]: row["error"] for row in rows if row["status"] != status} == {}


def _document(nodes: list[dict[str, Any]], edges: list[tuple[str, str]] | None) -> dict[str, Any]:
    return {
        "tidegate": 1,
        "name": "Test",
        "nodes": nodes,
        "edges": [{"from": source, "to": target} for source, target in edges or []],
    }
