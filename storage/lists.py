"""Lists of executions that match a filter, and the sizes of their trees.

An index leads to the newest that have not ended or have in each way, to those with each label, and to those with an
error. Which of them is gone down is decided by what there is: of all that a filter asks for, the rarest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import QueryTooComplex
from engine.ids import first_execution_id
from engine.labels import Label
from engine.status import ExecutionStatus
from storage.execution_rows import ExecutionRow, execution_row
from storage.flows import AFTER_EVERY_ID
from storage.pool import Connection
from storage.queries import load
from storage.search import containing

QUERIES = load("lists")

PATIENCE_SECONDS = 10.0
"""How long a page is looked for where much has to be read in which nothing matches."""

UNFINISHED = "UNFINISHED"
"""The outcome of what has none."""

BEFORE_EVERY_ID = ""
CLOCKS_DIFFER = 2 * 3600 * 1000
"""Milliseconds; more than the clock of a host, which ids are made from, differs from the database's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFilter:
    """Which executions are wanted; None asks nothing. `created_after` counts itself in, `created_before` does not.

    `error_contains` is a part of the error's message in either case; of `labels` there have to be all. With
    `parent_execution_id` the children of that execution are wanted, not roots.
    """

    flow_id: str | None = None
    statuses: Sequence[ExecutionStatus] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    has_error: bool | None = None
    error_contains: str | None = None
    labels: Sequence[Label] = ()
    parent_execution_id: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How what matches is found: `name` says by which index, `label` is the one that it goes by."""

    name: str
    label: Label | None = None


async def list_matching(
    connection: Connection, owner_id: str, filter: ExecutionFilter, *, limit: int, after: str | None = None
) -> list[ExecutionRow]:
    """An owner's executions that match, newest first, from the one `after` an id on; raises `QueryTooComplex`."""
    records = await _fetch(connection, "list_matching", owner_id, filter, limit, after or AFTER_EVERY_ID)
    return [execution_row(record) for record in records]


async def ids_matching(
    connection: Connection,
    owner_id: str,
    filter: ExecutionFilter,
    *,
    limit: int,
    accepted: Iterable[ExecutionStatus] | None = None,
) -> list[str]:
    """The ids of the newest that match; raises `QueryTooComplex`.

    With `accepted`, of those only that are in one of these statuses once all accepted commands are applied.
    """
    records = await _fetch(connection, "ids_matching", owner_id, filter, limit, AFTER_EVERY_ID, accepted)
    return [record["id"] for record in records]


async def _fetch(
    connection: Connection,
    query: str,
    owner_id: str,
    filter: ExecutionFilter,
    limit: int,
    below: str,
    accepted: Iterable[ExecutionStatus] | None = None,
) -> Sequence[Any]:
    statuses = list(dict.fromkeys(ExecutionStatus if filter.statuses is None else filter.statuses))
    first, below = _span(filter, below)
    outcomes = list({UNFINISHED if not status.ended else status.value for status in statuses})
    way = await _way(connection, owner_id, filter, outcomes, first, below)
    arguments = (
        *(owner_id, filter.flow_id, statuses, below, limit, first, filter.created_after, filter.created_before),
        *(filter.has_error, containing(filter.error_contains), *_columns(filter.labels)),
        *(filter.parent_execution_id, None if accepted is None else list(accepted)),
        *(way.name, *(way.label or (None, None)), outcomes),
    )
    try:
        return await connection.fetch(QUERIES[query], *arguments, timeout=PATIENCE_SECONDS)
    except TimeoutError:
        raise QueryTooComplex(
            f"What matches could not be found within {PATIENCE_SECONDS:g} s; ask for a span of time, a flow or a label."
        ) from None


def _span(filter: ExecutionFilter, below: str) -> tuple[str, str]:
    """The lowest id that can match, and the one that all that match are below."""
    first = filter.created_after and _id_at(filter.created_after, -CLOCKS_DIFFER)
    last = filter.created_before and _id_at(filter.created_before, CLOCKS_DIFFER)
    return first or BEFORE_EVERY_ID, min(below, last or AFTER_EVERY_ID)


def _id_at(moment: datetime, later: int) -> str:
    return first_execution_id(max(0, int(moment.timestamp() * 1000) + later))


async def _way(
    connection: Connection,
    owner_id: str,
    filter: ExecutionFilter,
    outcomes: Sequence[str],
    first: str,
    below: str,
) -> Way:
    if filter.parent_execution_id is not None:
        return Way("parent")
    asks_error = filter.has_error is True or filter.error_contains is not None
    if not filter.labels and not asks_error:
        return Way("owner" if filter.flow_id is None else "flow")
    names, values = _columns(filter.labels)
    record = await connection.fetchrow(
        QUERIES["rarest"], owner_id, names, values, outcomes, filter.flow_id, asks_error, below, first
    )
    assert record is not None
    way, name, value = record
    return Way(way, None if name is None else Label(name, value))


def _columns(labels: Sequence[Label]) -> tuple[list[str] | None, list[str] | None]:
    if not labels:
        return None, None
    return [label.name for label in labels], [label.value for label in labels]


async def tree_sizes(connection: Connection, root_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The number of levels of each tree, and of executions in it besides its root, by the root's id."""
    records = await connection.fetch(QUERIES["tree_sizes"], list(root_ids))
    return {record["root_id"]: (record["levels"], record["total_nested"]) for record in records}
