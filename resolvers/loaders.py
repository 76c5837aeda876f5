"""The answers to what nested fields ask: reads that are batched within one operation and never outlive it."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from engine.errors import NotFound
from engine.labels import Label
from engine.registry import Registry
from engine.status import ExecutionCommand
from resolvers.beside import known_beside, known_of
from resolvers.services import Services
from schema.executions import Execution
from schema.node_states import ShownNodeState
from schema.view import Known
from storage import commands, events, executions, flows, lists
from storage.access import Reader, Seen
from storage.executions import ExecutionRow
from storage.flows import FlowRow, FlowVersionRow
from storage.seen_executions import SeenExecution, seen_execution

KeyT = TypeVar("KeyT")
RowT = TypeVar("RowT")

Load = Callable[[list[KeyT]], Awaitable[Sequence[RowT | BaseException]]]


class Reads:
    """What one viewer reads in one operation; what the viewer may not see is not there."""

    def __init__(self, services: Services, reader: Reader) -> None:
        self._services = services
        self._pool = services.pool
        self._reader = reader
        self.forget()

    def forget(self) -> None:
        """Read everything anew from now on: something was changed."""
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}
        self._seen: dict[str, SeenExecution | None] = {}
        self._seen_flows: dict[str, Seen[FlowRow] | None] = {}

    @property
    def node_types(self) -> Registry:
        """The registered node types by name."""
        return self._services.node_types

    async def flow(self, flow_id: str) -> FlowRow | None:
        """A flow that is not deleted."""
        seen = await self._batched(self._load_flows).load(flow_id)
        return seen.row if seen else None

    async def seen_flow(self, flow_id: str) -> Seen[FlowRow] | None:
        """A flow that is not deleted, and what the viewer may do with it."""
        if flow_id not in self._seen_flows:
            (self._seen_flows[flow_id],) = await self._load_flows([flow_id])
        return self._seen_flows[flow_id]

    async def flow_version(self, flow_id: str, version: int) -> FlowVersionRow:
        """A version, also of a deleted flow; raises `NotFound`."""
        return (await self._services.versions.get(flow_id, version)).row

    async def flow_versions(self, flow_id: str, limit: int, after: int | None) -> list[FlowVersionRow]:
        """The versions of a flow, newest first."""
        async with self._pool.acquire() as connection:
            return await flows.list_flow_versions(connection, flow_id=flow_id, limit=limit, after=after)

    async def execution(self, execution_id: str) -> ExecutionRow:
        """An execution; raises `NotFound`."""
        if seen := await self.seen_execution(execution_id):
            return seen.row
        raise NotFound("There is no such execution.")

    async def seen_execution(self, execution_id: str) -> SeenExecution | None:
        """An execution, what is beside it, and what the viewer may do with its tree."""
        if execution_id not in self._seen:
            async with self._pool.acquire() as connection:
                self._seen[execution_id] = await seen_execution(connection, self._reader, execution_id)
        return self._seen[execution_id]

    async def shown_execution(self, execution_id: str) -> Execution:
        """An execution as it is shown by itself, with all that one read finds; raises `NotFound`."""
        if (seen := await self.seen_execution(execution_id)) is None:
            raise NotFound("There is no such execution.")
        return Execution(row=seen.row, known=known_of(self._services, seen))

    async def known(self, executions: Sequence[ExecutionRow], names: frozenset[str]) -> Mapping[str, Known]:
        """What is shown beside executions, by their ids: what of the fields of these names can be read at once."""
        return await known_beside(self._services, self._reader, executions, names)

    async def pending_commands(self, execution_id: str) -> Sequence[ExecutionCommand]:
        """The commands that are accepted and not yet applied, in order."""
        return await self._batched(self._load_pending).load(execution_id) or []

    async def children(self, execution_id: str, limit: int, after: str | None) -> list[ExecutionRow]:
        """The executions that it spawned, newest first."""
        async with self._pool.acquire() as connection:
            return await executions.list_children(connection, execution_id, limit, after)

    async def tree_size(self, root_id: str) -> tuple[int, int]:
        """How many levels a tree has, and how many executions without the root."""
        return await self._batched(self._load_sizes).load(root_id) or (1, 0)

    async def labels(self, root_id: str) -> Sequence[Label]:
        """The labels of a tree, in the order in which they were given."""
        return await self._batched(self._load_labels).load(root_id) or []

    async def events(
        self, execution_id: str, from_index: int, limit: int, types: Sequence[str] | None
    ) -> events.Page[events.EventRow]:
        """A piece of the log."""
        async with self._pool.acquire() as connection:
            return await events.read_events(connection, execution_id, from_index, limit, types)

    async def node_states(self, execution: ExecutionRow) -> Mapping[str, ShownNodeState]:
        """The states of all nodes by id, in document order."""
        return await self._services.snapshots.node_states(execution)

    def _batched(self, load: Load[KeyT, RowT]) -> DataLoader[KeyT, RowT]:
        """What batches a read; few operations need more than one."""
        if load not in self._loaders:
            self._loaders[load] = DataLoader(load)
        return self._loaders[load]

    async def _load_flows(self, ids: list[str]) -> list[Seen[FlowRow] | None]:
        async with self._pool.acquire() as connection:
            return _in_order(ids, await flows.flows_by_id(connection, self._reader, ids))

    async def _load_pending(self, ids: list[str]) -> list[list[ExecutionCommand] | None]:
        async with self._pool.acquire() as connection:
            return _in_order(ids, await commands.pending_commands(connection, ids))

    async def _load_sizes(self, ids: list[str]) -> list[tuple[int, int] | None]:
        async with self._pool.acquire() as connection:
            return _in_order(ids, await lists.tree_sizes(connection, ids))

    async def _load_labels(self, root_ids: list[str]) -> list[list[Label] | None]:
        async with self._pool.acquire() as connection:
            return _in_order(root_ids, await executions.labels_of(connection, root_ids))


def _in_order(keys: Sequence[KeyT], found: Mapping[KeyT, RowT]) -> list[RowT | None]:
    return [found.get(key) for key in keys]
