"""Flows and their versions, which never change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from engine.errors import Conflict, NotFound
from engine.ids import new_flow_id
from engine.values import encode
from storage.access import Access, Reader, Seen
from storage.pool import Connection
from storage.queries import load
from storage.search import containing

QUERIES = load("flows")

AFTER_EVERY_ID = "~"
"""Greater than every id in the order of COLLATE "C": where a list of the newest begins."""

AFTER_EVERY_VERSION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow; `latest_version` counts from 1, `deleted_at` is None while it is there."""

    id: str
    owner_id: str
    name: str
    description: str | None
    latest_version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class FlowVersionRow:
    """A version of a flow; `document` is as it was sent, in `size` characters.

    `node_types` is what `engine.capability.pin` made of it; None for a version of which nothing was pinned.
    """

    flow_id: str
    version: int
    name: str
    document: Any
    created_at: datetime
    node_types: Mapping[str, str] | None
    size: int


async def create_flow(
    connection: Connection,
    *,
    owner_id: str,
    name: str,
    description: str | None,
    document: Any,
    node_types: Mapping[str, str] | None = None,
) -> FlowRow:
    """Make a flow whose version 1 is this document; raises `ValueRefused` for what cannot be stored exactly.

    `node_types` pins what the document relies on; without it, its node types only have to be known where it is run.
    """
    text = encode(document).decode()
    record = await connection.fetchrow(
        QUERIES["create_flow"], new_flow_id(), owner_id, name, description, text, _pins(node_types)
    )
    assert record is not None
    return FlowRow(**record)


async def update_flow(
    connection: Connection,
    *,
    flow_id: str,
    owner_id: str,
    name: str,
    description: str | None,
    document: Any,
    expected_version: int | None,
    node_types: Mapping[str, str] | None = None,
) -> FlowRow:
    """Add a version to a flow, as `create_flow` makes the first.

    Raises `NotFound`, and `Conflict` with `currentVersion` if the latest version is not the expected one (None: any).
    """
    text = encode(document).decode()
    record = await connection.fetchrow(
        QUERIES["update_flow"], flow_id, owner_id, name, description, text, expected_version, _pins(node_types)
    )
    return FlowRow(**record) if record else await _refuse_update(connection, flow_id, owner_id)


async def _refuse_update(connection: Connection, flow_id: str, owner_id: str) -> FlowRow:
    flow = (await flows_by_id(connection, Reader(owner_id), [flow_id])).get(flow_id)
    if flow is None:
        raise NotFound("There is no such flow.")
    current = flow.row.latest_version
    raise Conflict(f"The flow is at version {current} now.", currentVersion=current)


async def delete_flow(connection: Connection, *, flow_id: str, owner_id: str) -> None:
    """Hide a flow for good, and end its schedules and webhooks; its executions stay readable.

    Call it inside a transaction. Raises `NotFound`, and `Conflict` while an execution of it has not ended.
    """
    if await connection.fetchval(QUERIES["lock_flow"], flow_id, owner_id) is None:
        raise NotFound("There is no such flow.")
    if await connection.fetchval(QUERIES["has_unfinished_executions"], flow_id):
        raise Conflict("The flow has executions that have not ended; stop them first.")
    await connection.execute(QUERIES["delete_flow"], flow_id)


async def flows_by_id(connection: Connection, reader: Reader, ids: Iterable[str]) -> dict[str, Seen[FlowRow]]:
    """The flows among `ids` that the reader may see, by id; deleted ones are left out."""
    records = await connection.fetch(QUERIES["flows_by_id"], reader.user_id, reader.sees_all, list(ids))
    return {record["id"]: _seen(dict(record)) for record in records}


def _seen(columns: dict[str, Any]) -> Seen[FlowRow]:
    return Seen(access=Access(columns.pop("access")), row=FlowRow(**columns))


async def flow_versions_by_id(
    connection: Connection, pairs: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], FlowVersionRow]:
    """The versions among pairs of flow id and number, by pair, also of deleted flows; whoever owns them."""
    flow_ids, versions = [flow_id for flow_id, _ in pairs], [version for _, version in pairs]
    records = await connection.fetch(QUERIES["flow_versions_by_id"], flow_ids, versions)
    return {(record["flow_id"], record["version"]): _version(record) for record in records}


async def version_at(connection: Connection, owner_id: str, flow_id: str, at: datetime) -> FlowVersionRow | None:
    """The version of a flow that was newest at that time, or its first; None if the owner may run no such flow."""
    record = await connection.fetchrow(QUERIES["version_at"], owner_id, flow_id, at)
    return _version(record) if record else None


async def list_flows(
    connection: Connection, *, reader: Reader, search: str | None, limit: int, after: str | None
) -> list[FlowRow]:
    """The flows that are seen, newest first, from the one `after` an id on; `search` is in the name or description."""
    query = QUERIES["list_all_flows" if reader.sees_all else "list_flows"]
    records = await connection.fetch(query, reader.user_id, containing(search), after or AFTER_EVERY_ID, limit)
    return [FlowRow(**record) for record in records]


async def list_flow_versions(
    connection: Connection, *, flow_id: str, limit: int, after: int | None
) -> list[FlowVersionRow]:
    """A flow's versions, newest first, from the one `after` a number on."""
    records = await connection.fetch(
        QUERIES["list_flow_versions"], flow_id, AFTER_EVERY_VERSION if after is None else after, limit
    )
    return [_version(record) for record in records]


def _version(record: asyncpg.Record) -> FlowVersionRow:
    node_types = record["node_types"] and orjson.loads(record["node_types"])
    document = record["document"]
    return FlowVersionRow(
        **{**record, "document": orjson.loads(document), "node_types": node_types, "size": len(document)}
    )


def _pins(node_types: Mapping[str, str] | None) -> str | None:
    return None if node_types is None else orjson.dumps(node_types).decode()
