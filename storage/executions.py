"""Making executions and finding them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from engine.errors import Conflict, NotFound
from engine.status import ExecutionStatus
from storage.execution_rows import ExecutionRow, execution_row
from storage.flows import AFTER_EVERY_ID
from storage.new_executions import NewExecution, StoredExecution, store
from storage.pool import Connection
from storage.queries import load
from storage.search import containing

__all__ = [
    "EVERYTHING",
    "ExecutionFilter",
    "ExecutionRow",
    "NewExecution",
    "create_execution",
    "executions_by_id",
    "list_children",
    "list_roots",
    "list_tree",
    "tree_sizes",
]

QUERIES = load("executions")

BEFORE_EVERY_MEMBER = (-1, "")
ANY_DEPTH = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFilter:
    """Which executions are wanted; None asks nothing. `created_after` counts itself in, `created_before` does not.

    `error_contains` is a part of the error's message in either case. With `parent_execution_id` the children of that
    execution are wanted, not roots.
    """

    statuses: Sequence[ExecutionStatus] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    has_error: bool | None = None
    error_contains: str | None = None
    parent_execution_id: str | None = None


EVERYTHING = ExecutionFilter()


async def create_execution(connection: Connection, new: NewExecution) -> tuple[ExecutionRow, bool]:
    """Make an execution in the caller's transaction and say whether it is new.

    The same owner, idempotency key and request give the execution that is there; another request under that key raises
    `Conflict`. Raises `NotFound` if the flow is gone and `ValueRefused` for what cannot be stored exactly.
    """
    record = await _insert(connection, new, store(new))
    if record is not None:
        return execution_row(record), True
    existing = await repeated_execution(connection, new.owner_id, new.idempotency_key, new.request_digest)
    if existing is None:
        raise NotFound("There is no such flow.")
    return existing, False


async def _insert(connection: Connection, new: NewExecution, stored: StoredExecution) -> asyncpg.Record | None:
    return await connection.fetchrow(
        QUERIES["create_execution"],
        *(new.id, new.flow_id, new.flow_version, new.owner_id, new.root, new.parent_id, new.depth),
        *(stored.inputs, stored.port_values, stored.options, stored.integration, stored.external_events),
        *(new.priority, new.idempotency_key, new.request_digest, stored.created_event),
        [payload.id for payload in stored.payloads],
        [payload.text.decode() for payload in stored.payloads],
        *(new.log_format, new.forked_from_id, new.runs_event),
    )


async def repeated_execution(
    connection: Connection, owner_id: str, idempotency_key: str | None, request_digest: str | None
) -> ExecutionRow | None:
    """The execution that the owner has made under this key, if any; raises `Conflict` if by another request."""
    if idempotency_key is None:
        return None
    record = await connection.fetchrow(QUERIES["execution_by_idempotency_key"], owner_id, idempotency_key)
    if record is not None and record["request_digest"] != request_digest:
        raise Conflict("The idempotency key was used for a request with other arguments.")
    return None if record is None else execution_row(record)


async def executions_by_id(connection: Connection, owner_id: str, ids: Iterable[str]) -> dict[str, ExecutionRow]:
    """The executions among `ids` that belong to the owner, by id."""
    records = await connection.fetch(QUERIES["executions_by_id"], owner_id, list(ids))
    return {record["id"]: execution_row(record) for record in records}


async def list_roots(
    connection: Connection,
    *,
    owner_id: str,
    flow_id: str | None,
    filter: ExecutionFilter = EVERYTHING,
    limit: int,
    after: str | None,
) -> list[ExecutionRow]:
    """An owner's root executions that match, of one flow or of all, newest first, from the one `after` an id on."""
    query = QUERIES["list_roots_of_flow" if flow_id else "list_roots_of_owner"]
    arguments = [owner_id, flow_id, after or AFTER_EVERY_ID, limit, *_conditions(filter)]
    if filter.parent_execution_id is not None:
        query = QUERIES["list_children_matching"]
        arguments.append(filter.parent_execution_id)
    return [execution_row(record) for record in await connection.fetch(query, *arguments)]


def _conditions(filter: ExecutionFilter) -> Sequence[Any]:
    return (
        filter.statuses,
        filter.created_after,
        filter.created_before,
        filter.has_error,
        containing(filter.error_contains),
    )


async def list_children(
    connection: Connection, parent_id: str, limit: int, after: str | None = None
) -> list[ExecutionRow]:
    """The children of an execution, newest first, from the one `after` an id on."""
    records = await connection.fetch(QUERIES["list_children"], parent_id, after or AFTER_EVERY_ID, limit)
    return [execution_row(record) for record in records]


async def list_tree(
    connection: Connection,
    *,
    root_id: str,
    owner_id: str,
    max_level: int | None,
    limit: int,
    after: tuple[int, str] | None,
) -> list[ExecutionRow]:
    """A tree by depth and creation, down to `max_level` (the root's is 0), from the one `after` (depth, id) on."""
    deepest = ANY_DEPTH if max_level is None else max_level
    records = await connection.fetch(
        QUERIES["list_tree"], root_id, owner_id, deepest, *(after or BEFORE_EVERY_MEMBER), limit
    )
    return [execution_row(record) for record in records]


async def tree_sizes(connection: Connection, root_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The number of levels of each tree, and of executions in it besides its root, by the root's id."""
    records = await connection.fetch(QUERIES["tree_sizes"], list(root_ids))
    return {record["root_id"]: (record["levels"], record["total_nested"]) for record in records}
