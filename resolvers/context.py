"""What every resolver is given of its operation."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg
import strawberry

from engine.errors import NotFound
from resolvers.loaders import Reads
from resolvers.services import Services
from resolvers.viewer import Viewer
from schema.source import Sourced
from storage.flows import FlowRow


@dataclass
class Context(Sourced):
    """The viewer, the services, and the reads of this operation."""

    services: Services
    viewer: Viewer
    asks: Reads = field(init=False)

    def __post_init__(self) -> None:
        self.asks = Reads(self.services, self.viewer.id)

    @property
    def pool(self) -> asyncpg.Pool:
        """The connections to Postgres."""
        return self.services.pool

    async def flow(self, flow_id: str) -> FlowRow:
        """The viewer's flow; raises `NotFound`."""
        if row := await self.asks.flow(flow_id):
            return row
        raise NotFound("There is no such flow.")


Info: TypeAlias = strawberry.Info[Context, Any]
