"""Who may do what with flows and trees of executions; the views of migration 0010 hold the rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Generic, TypeVar

from storage.pool import Connection
from storage.queries import load

QUERIES = load("access")

RowT_co = TypeVar("RowT_co", covariant=True)


class Access(IntEnum):
    """What one may do with an object; each level includes those below it."""

    SEE = 1
    OPERATE = 2
    OWN = 3


class FlowRole(StrEnum):
    """What the owner of a flow may let another user do with it."""

    VIEWER = "VIEWER"
    OPERATOR = "OPERATOR"


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom something is read: a user, or with `sees_all` one who may do everything."""

    user_id: str
    sees_all: bool = False


@dataclass(frozen=True, slots=True)
class Seen(Generic[RowT_co]):
    """A row that a reader may see, and what else the reader may do with it."""

    row: RowT_co
    access: Access


async def grant(connection: Connection, flow_id: str, user_id: str, role: FlowRole) -> None:
    """Let a user do something with a flow, and no longer what another grant has allowed."""
    await connection.execute(QUERIES["grant"], flow_id, user_id, role.value)


async def revoke(connection: Connection, flow_id: str, user_id: str) -> None:
    """Take back what a user was granted, if anything."""
    await connection.execute(QUERIES["revoke"], flow_id, user_id)


async def granted_flows(connection: Connection, user_ids: Iterable[str]) -> list[tuple[str, str]]:
    """The flows that these users were granted, as pairs of user and flow."""
    return [(row["user_id"], row["flow_id"]) for row in await connection.fetch(QUERIES["granted"], list(user_ids))]


async def lost_trees(connection: Connection, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those pairs of user and root of which the user may not see the tree."""
    users, roots = [user for user, _ in pairs], [root for _, root in pairs]
    return {(row["user_id"], row["root_id"]) for row in await connection.fetch(QUERIES["lost"], users, roots)}
