"""The flow versions that this process has at hand; they never change, so that they are read and compiled once."""

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
from storage.kept import Kept

KEPT_CHARACTERS = 2 * 1024 * 1024
"""What the documents of all kept versions may have together; compiled, each takes about 36 bytes."""


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
    """Keeps the versions that were used last, up to `KEPT_CHARACTERS` of documents in all."""

    def __init__(self, pool: asyncpg.Pool, node_types: Registry) -> None:
        self._pool = pool
        self._node_types = node_types
        self._kept: Kept[tuple[str, int], Version] = Kept(KEPT_CHARACTERS)

    def at_hand(self, flow_id: str, number: int) -> Version | None:
        """A version, if it need not be read."""
        return self._kept.get((flow_id, number))

    async def get(self, flow_id: str, number: int) -> Version:
        """A version, also of a deleted flow and whoever owns it; raises `NotFound`."""
        return self.at_hand(flow_id, number) or await self._read(flow_id, number)

    async def _read(self, flow_id: str, number: int) -> Version:
        key = (flow_id, number)
        async with self._pool.acquire() as connection:
            rows = await flow_versions_by_id(connection, [key])
        if key not in rows:
            raise NotFound(f"The flow has no version {number}.")
        # Somebody else may have been quicker, and may have compiled it by now.
        return self._kept.get(key) or self._keep(key, Version(rows[key], self._node_types))

    def _keep(self, key: tuple[str, int], version: Version) -> Version:
        self._kept.keep(key, version, version.row.size)
        return version
