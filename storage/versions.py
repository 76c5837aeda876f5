"""The flow versions that this process has at hand; they never change, so that they are read and compiled once."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

import asyncpg

from engine.capability import shortfall
from engine.document import FlowDocument, parse_document
from engine.errors import NotFound
from engine.plan import Plan, compile_plan
from engine.registry import Registry
from engine.stand_in import with_stand_ins
from storage.flows import FlowVersionRow, flow_versions_by_id

KEPT_NODES = 20_000


@dataclass(frozen=True)
class Version:
    """A flow version, parsed and compiled when that is asked for."""

    row: FlowVersionRow
    node_types: Registry

    @cached_property
    def document(self) -> FlowDocument:
        """The document, named and typed."""
        return parse_document(self.row.document)

    @cached_property
    def plan(self) -> Plan:
        """The document, compiled; with a `shortfall` it serves to read logs and to end them, but not to run."""
        return compile_plan(self.document, with_stand_ins(self.document, self.node_types))

    @cached_property
    def shortfall(self) -> str | None:
        """Why this process cannot run the version, in words; None if it can."""
        return shortfall(self.document, self.row.node_types, self.node_types)


class Versions:
    """Keeps the versions that were used last, up to `KEPT_NODES` nodes in all."""

    def __init__(self, pool: asyncpg.Pool, node_types: Registry) -> None:
        self._pool = pool
        self._node_types = node_types
        self._kept: OrderedDict[tuple[str, int], Version] = OrderedDict()
        self._nodes = 0

    async def get(self, flow_id: str, number: int) -> Version:
        """A version, also of a deleted flow and whoever owns it; raises `NotFound`."""
        key = (flow_id, number)
        if key not in self._kept:
            async with self._pool.acquire() as connection:
                rows = await flow_versions_by_id(connection, [key])
            if key not in rows:
                raise NotFound(f"The flow has no version {number}.")
            self._keep(key, Version(rows[key], self._node_types))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: tuple[str, int], version: Version) -> None:
        if key in self._kept:
            return
        self._kept[key] = version
        self._nodes += len(version.document.nodes)
        while self._nodes > KEPT_NODES and len(self._kept) > 1:
            self._nodes -= len(self._kept.popitem(last=False)[1].document.nodes)
