"""What is shown beside executions, read for all of a page at once, so that no field has to ask for its own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from resolvers.services import Services
from schema.executions import show_labels
from schema.flows import FlowVersion, show_flow
from schema.view import Known
from storage.access import Reader
from storage.commands import pending_commands
from storage.executions import ExecutionRow, labels_of
from storage.flows import flows_by_id
from storage.lists import tree_sizes
from storage.pool import Connection
from storage.seen_executions import SeenExecution

Rows: TypeAlias = Sequence[ExecutionRow]
Values: TypeAlias = Mapping[str, Known]
"""Values of fields, by the ids of executions."""


async def _flows(connection: Connection, reader: Reader, rows: Rows) -> Values:
    seen = await flows_by_id(connection, reader, {row.flow_id for row in rows})
    shown = {id: show_flow(flow.row) for id, flow in seen.items()}
    return {row.id: {"flow": shown.get(row.flow_id)} for row in rows}


async def _labels(connection: Connection, reader: Reader, rows: Rows) -> Values:
    labels = await labels_of(connection, list({row.root_id for row in rows}))
    return {row.id: {"labels": show_labels(labels[row.root_id])} for row in rows}


async def _pending(connection: Connection, reader: Reader, rows: Rows) -> Values:
    pending = await pending_commands(connection, [row.id for row in rows])
    return {row.id: {"pending_commands": pending[row.id]} for row in rows}


async def _sizes(connection: Connection, reader: Reader, rows: Rows) -> Values:
    sizes = await tree_sizes(connection, [row.id for row in rows if row.parent_id is None])
    return {id: {"levels": levels, "total_nested": nested} for id, (levels, nested) in sizes.items()}


READS: Mapping[frozenset[str], Callable[[Connection, Reader, Rows], Awaitable[Values]]] = {
    frozenset({"flow"}): _flows,
    frozenset({"labels"}): _labels,
    frozenset({"pendingCommands"}): _pending,
    frozenset({"levels", "totalNested"}): _sizes,
}
"""What reads the fields of these names."""


async def known_beside(services: Services, reader: Reader, rows: Rows, names: frozenset[str]) -> Values:
    """What is known beside executions, as far as fields of these names are asked for."""
    known: dict[str, dict[str, Any]] = {row.id: _version(services, row) for row in rows}
    wanted = [read for fields, read in READS.items() if fields & names]
    if not rows or not wanted:
        return known
    async with services.pool.acquire() as connection:
        for read in wanted:
            for id, values in (await read(connection, reader, rows)).items():
                known[id].update(values)
    return known


def known_of(services: Services, seen: SeenExecution) -> Known:
    """What is known beside an execution that was read by itself."""
    beside = seen.beside
    return {
        "flow": show_flow(beside.flow.row if beside.flow else None),
        "labels": show_labels(beside.labels),
        "pending_commands": beside.pending,
        **_version(services, seen.row),
    }


def _version(services: Services, row: ExecutionRow) -> dict[str, Any]:
    """The version, if it is at hand, as it is but for the first time."""
    version = services.versions.at_hand(row.flow_id, row.flow_version)
    return {"flow_version": FlowVersion(row=version.row)} if version else {}
