"""What a watched list of roots shows of each: that it is there, and its status."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import asyncpg

from engine.status import ExecutionStatus
from storage.pool import Connection
from storage.queries import load

QUERIES = load("roots")

MOST_RECENT = 10_000
"""How many ended roots of a list are read at once."""


class Of(StrEnum):
    """What the roots of a list have in common."""

    OWNER = "OWNER"
    FLOW_OWNER = "FLOW_OWNER"
    FLOW = "FLOW"
    ALL = "ALL"


class RootList(NamedTuple):
    """A list of roots: those that an owner has made, that others have made of an owner's flows, of a flow, or all."""

    of: Of
    id: str = ""


EVERYBODYS = RootList(Of.ALL)


@dataclass(frozen=True, slots=True)
class Root:
    """A root execution."""

    id: str
    owner_id: str
    flow_owner_id: str | None
    flow_id: str
    status: ExecutionStatus

    @property
    def lists(self) -> set[RootList]:
        """The lists that it is on."""
        of_flow_owner = {RootList(Of.FLOW_OWNER, self.flow_owner_id)} if self.flow_owner_id else set()
        return {RootList(Of.OWNER, self.owner_id), RootList(Of.FLOW, self.flow_id), EVERYBODYS} | of_flow_owner


async def roots_by_id(connection: Connection, lists: Collection[RootList], ids: Iterable[str]) -> list[Root]:
    """Those of these executions that are roots on any of these lists."""
    return _roots(await connection.fetch(QUERIES["roots_by_id"], *_arguments(lists), list(ids)))


async def current_roots(connection: Connection, lists: Collection[RootList], after_id: str) -> list[Root]:
    """The roots on these lists that have not ended, and the newest of those with greater ids; some come twice."""
    return _roots(await connection.fetch(QUERIES["current_roots"], *_arguments(lists), after_id, MOST_RECENT))


def _arguments(lists: Collection[RootList]) -> tuple[list[str], list[str], list[str], bool]:
    owners, flow_owners, flows = (
        [each.id for each in lists if each.of is kind] for kind in (Of.OWNER, Of.FLOW_OWNER, Of.FLOW)
    )
    return owners, flow_owners, flows, EVERYBODYS in lists


def _roots(records: Iterable[asyncpg.Record]) -> list[Root]:
    return [
        Root(id, owner, flow_owner, flow, ExecutionStatus(status)) for id, owner, flow_owner, flow, status in records
    ]
