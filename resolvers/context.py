"""What every resolver is given of its operation."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import asyncpg
import strawberry

from engine.errors import Forbidden, NotFound
from resolvers.loaders import Reads
from resolvers.services import Services
from resolvers.viewer import Viewer
from schema.source import Sourced
from storage.access import Access, Seen
from storage.executions import ExecutionRow
from storage.flows import FlowRow

RowT = TypeVar("RowT")


@dataclass
class Context(Sourced):
    """The viewer, the services, and the reads of this operation.

    `flow` and `execution` are where it is decided what the viewer may do: `NotFound` for what may not be seen, as for
    what is not there, and `Forbidden` for what may be seen, but not done. `shows_schema` is for introspection.
    """

    services: Services
    viewer: Viewer
    shows_schema: bool = False
    asks: Reads = field(init=False)

    def __post_init__(self) -> None:
        self.asks = Reads(self.services, self.viewer.reader)

    @property
    def pool(self) -> asyncpg.Pool:
        """The connections to Postgres."""
        return self.services.pool

    async def flow(self, flow_id: str, need: Access = Access.SEE) -> FlowRow:
        """A flow that is not deleted and with which the viewer may do what is needed."""
        return _allowed(await self.asks.seen_flow(flow_id), need, "flow")

    def owner_of_new(self, flow: FlowRow) -> str:
        """Whom what later runs a flow by itself belongs to; whether somebody still is an admin is not known then."""
        return flow.owner_id if self.viewer.reader.sees_all else self.viewer.id

    async def execution(self, execution_id: str, need: Access) -> ExecutionRow:
        """An execution with whose tree the viewer may do what is needed; `asks.execution` is for seeing."""
        return _allowed(await self.asks.seen_execution(execution_id), need, "execution")


def _allowed(seen: Seen[RowT] | None, need: Access, noun: str) -> RowT:
    if seen is None:
        raise NotFound(f"There is no such {noun}.")
    if seen.access < need:
        raise Forbidden(f"You may see this {noun}, but not {_DONE[need]} it.")
    return seen.row


_DONE = {Access.SEE: "see", Access.OPERATE: "operate", Access.OWN: "change"}

Info: TypeAlias = strawberry.Info[Context, Any]
