"""What nested fields ask of the request that they are part of; `resolvers/` answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import strawberry

from engine.labels import Label
from engine.node import AnyNode
from engine.status import ExecutionCommand
from schema.node_states import ShownNodeState
from schema.view import Known
from storage.events import EventRow, Page
from storage.executions import ExecutionRow
from storage.flows import FlowRow, FlowVersionRow


class Asks(Protocol):
    """Reads that belong to one operation: each batches its keys and sees only what the viewer may see."""

    @property
    def node_types(self) -> Mapping[str, type[AnyNode]]:
        """The registered node types by name."""

    async def flow(self, flow_id: str) -> FlowRow | None:
        """A flow that is not deleted."""

    async def flow_version(self, flow_id: str, version: int) -> FlowVersionRow:
        """A version, also of a deleted flow; raises `NotFound`."""

    async def flow_versions(self, flow_id: str, limit: int, after: int | None) -> list[FlowVersionRow]:
        """The versions of a flow, newest first."""

    async def execution(self, execution_id: str) -> ExecutionRow:
        """An execution; raises `NotFound`."""

    async def known(self, executions: Sequence[ExecutionRow], names: frozenset[str]) -> Mapping[str, Known]:
        """What is shown beside executions, by their ids: what of the fields of these names can be read at once."""

    async def pending_commands(self, execution_id: str) -> Sequence[ExecutionCommand]:
        """The commands that are accepted and not yet applied, in order."""

    async def children(self, execution_id: str, limit: int, after: str | None) -> list[ExecutionRow]:
        """The executions that it spawned, newest first."""

    async def tree_size(self, root_id: str) -> tuple[int, int]:
        """How many levels a tree has, and how many executions without the root."""

    async def labels(self, root_id: str) -> Sequence[Label]:
        """The labels of a tree, in the order in which they were given."""

    async def events(
        self, execution_id: str, from_index: int, limit: int, types: Sequence[str] | None
    ) -> Page[EventRow]:
        """A piece of the log."""

    async def node_states(self, execution: ExecutionRow) -> Mapping[str, ShownNodeState]:
        """The states of all nodes by id, in document order."""


class Asked(Protocol):
    """The part of the request's context that nested fields know."""

    @property
    def asks(self) -> Asks: ...


Info: TypeAlias = strawberry.Info[Asked, Any]
