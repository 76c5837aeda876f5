"""What a watched list of roots shows of each: that it is there, and its status."""

from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg

from engine.status import ExecutionStatus
from storage.pool import Connection
from storage.queries import load

QUERIES = load("roots")

MOST_RECENT = 10_000
"""How many roots of an owner that have ended in the same way are read at once."""


@dataclass(frozen=True, slots=True)
class Root:
    """A root execution."""

    id: str
    owner_id: str
    flow_id: str
    status: ExecutionStatus


async def roots_by_id(connection: Connection, owner_ids: Iterable[str], ids: Iterable[str]) -> list[Root]:
    """Those of these executions that are roots and belong to these owners."""
    return _roots(await connection.fetch(QUERIES["roots_by_id"], list(owner_ids), list(ids)))


async def current_roots(connection: Connection, owner_ids: Iterable[str], after_id: str) -> list[Root]:
    """The roots of these owners that have not ended, and the newest that have, of those with greater ids."""
    return _roots(await connection.fetch(QUERIES["current_roots"], list(owner_ids), after_id, MOST_RECENT))


def _roots(records: Iterable[asyncpg.Record]) -> list[Root]:
    return [Root(id, owner, flow, ExecutionStatus(status)) for id, owner, flow, status in records]
