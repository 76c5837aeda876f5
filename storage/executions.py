"""Making executions and finding them."""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from engine.errors import Conflict, NotFound
from engine.labels import Label
from engine.status import ExecutionCommand
from storage.access import Access, Reader, Seen
from storage.commands import RULES
from storage.execution_rows import ExecutionRow, execution_row
from storage.flows import AFTER_EVERY_ID
from storage.new_executions import NewExecution, StoredExecution, store
from storage.pool import Connection
from storage.queries import load

__all__ = [
    "ExecutionRow",
    "NewExecution",
    "create_execution",
    "executions_by_id",
    "labels_of",
    "list_children",
    "list_tree",
]

QUERIES = load("executions")

BEFORE_EVERY_MEMBER = (-1, "")
ANY_DEPTH = 2**31 - 1


async def create_execution(connection: Connection, new: NewExecution) -> tuple[ExecutionRow, bool]:
    """Make an execution, in one statement, and say whether it is new.

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
        new.log_format,
        [label.name for label in new.labels],
        [label.value for label in new.labels],
        *(new.forked_from_id, new.runs_event),
        *(ExecutionCommand.START.value, RULES[ExecutionCommand.START].leads_to if new.starts else None),
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


async def executions_by_id(connection: Connection, reader: Reader, ids: Iterable[str]) -> dict[str, Seen[ExecutionRow]]:
    """The executions among `ids` that the reader may see, by id."""
    records = await connection.fetch(QUERIES["executions_by_id"], reader.user_id, reader.sees_all, list(ids))
    return {record["id"]: _seen(dict(record)) for record in records}


def _seen(columns: dict[str, Any]) -> Seen[ExecutionRow]:
    return Seen(access=Access(columns.pop("access")), row=execution_row(columns))


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


async def labels_of(connection: Connection, root_ids: Sequence[str]) -> dict[str, list[Label]]:
    """The labels of each root, in the order in which they were given."""
    found: dict[str, list[Label]] = {root_id: [] for root_id in root_ids}
    for root_id, name, value in await connection.fetch(QUERIES["labels_of"], list(root_ids)):
        found[root_id].append(Label(name, value))
    return found
