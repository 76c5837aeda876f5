"""Lists of executions that match a filter, and the sizes of their trees.

An index leads to the newest that have not ended or have in each way, to those with each label, and to those with an
error. Which of them is gone down is decided by what there is: of all that a filter asks for, the rarest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.errors import QueryTooComplex
from engine.ids import first_execution_id
from engine.labels import Label
from engine.status import ExecutionStatus
from storage.access import Access, Reader
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

    owner_id: str | None = None
    flow_id: str | None = None
    statuses: Sequence[ExecutionStatus] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    has_error: bool | None = None
    error_contains: str | None = None
    labels: Sequence[Label] = ()
    parent_execution_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """How what matches is found: `names` say by which indexes, `label` and `owner_id` are what those go by."""

    names: Sequence[str]
    label: Label | None = None
    owner_id: str | None = None


OF_OTHERS = ("flow_owner", "granted")
"""The ways to what a reader may see of others."""


async def list_matching(
    connection: Connection, reader: Reader, filter: ExecutionFilter, *, limit: int, after: str | None = None
) -> list[ExecutionRow]:
    """What matches and is seen, newest first, from the one `after` an id on; raises `QueryTooComplex`."""
    search = Search(reader, Access.SEE, filter, limit, after or AFTER_EVERY_ID)
    return [execution_row(record) for record in await search.run(connection, "list_matching")]


async def ids_matching(
    connection: Connection,
    reader: Reader,
    filter: ExecutionFilter,
    *,
    need: Access = Access.SEE,
    limit: int,
    accepted: Iterable[ExecutionStatus] | None = None,
) -> list[str]:
    """The ids of the newest that match and that the reader has this access to; raises `QueryTooComplex`.

    With `accepted`, of those only that are in one of these statuses once all accepted commands are applied.
    """
    search = Search(reader, need, filter, limit, AFTER_EVERY_ID, accepted)
    return [record["id"] for record in await search.run(connection, "ids_matching")]


class Search:
    """A page of the executions that a reader has some access to and that match, from below an id on."""

    def __init__(
        self,
        reader: Reader,
        need: Access,
        filter: ExecutionFilter,
        limit: int,
        below: str,
        accepted: Iterable[ExecutionStatus] | None = None,
    ) -> None:
        self._reader, self._need, self._filter, self._limit = reader, need, filter, limit
        self._accepted = None if accepted is None else list(accepted)
        self._statuses = list(dict.fromkeys(ExecutionStatus if filter.statuses is None else filter.statuses))
        self._outcomes = list({UNFINISHED if not status.ended else status.value for status in self._statuses})
        self._first, self._below = _span(filter, below)

    async def run(self, connection: Connection, query: str) -> Sequence[Any]:
        """Find it; raises `QueryTooComplex`."""
        arguments = self._arguments(await self._ways(connection))
        try:
            return await connection.fetch(QUERIES[query], *arguments, timeout=PATIENCE_SECONDS)
        except TimeoutError:
            raise QueryTooComplex(
                f"What matches was not found within {PATIENCE_SECONDS:g} s; ask for a span of time, a flow or a label."
            ) from None

    def _arguments(self, ways: Ways) -> Sequence[Any]:
        reader, filter = self._reader, self._filter
        return (
            *(reader.user_id, filter.flow_id, self._statuses, self._below, self._limit, self._first),
            *(filter.created_after, filter.created_before, filter.has_error, containing(filter.error_contains)),
            *(*_columns(filter.labels), filter.parent_execution_id, self._accepted),
            *(ways.names, *(ways.label or (None, None)), self._outcomes),
            *(reader.sees_all, self._need, filter.owner_id, ways.owner_id),
        )

    async def _ways(self, connection: Connection) -> Ways:
        """What is an owner's is found by the rarest of what is asked, what is others' by who may see it."""
        reader, owner_id = self._reader, self._filter.owner_id
        if self._filter.parent_execution_id is not None:
            return Ways(["parent"])
        if reader.sees_all:
            return await self._own(connection, owner_id) if owner_id is not None else Ways([self._way_of_all])
        if owner_id not in (None, reader.user_id):
            return Ways(OF_OTHERS)
        own = await self._own(connection, reader.user_id)
        return own if owner_id is not None else replace(own, names=[*own.names, *OF_OTHERS])

    @property
    def _way_of_all(self) -> str:
        return "all" if self._filter.flow_id is None else "flow"

    async def _own(self, connection: Connection, owner_id: str) -> Ways:
        filter = self._filter
        asks_error = filter.has_error is True or filter.error_contains is not None
        if not filter.labels and not asks_error and filter.flow_id is None:
            return Ways(["owner"], owner_id=owner_id)
        asked = (*_columns(filter.labels), self._outcomes, filter.flow_id, asks_error, self._below, self._first)
        record = await connection.fetchrow(QUERIES["rarest"], owner_id, *asked)
        assert record is not None
        way, name, value = record
        return Ways([way], None if name is None else Label(name, value), owner_id)


def _span(filter: ExecutionFilter, below: str) -> tuple[str, str]:
    """The lowest id that can match, and the one that all that match are below."""
    first = filter.created_after and _id_at(filter.created_after, -CLOCKS_DIFFER)
    last = filter.created_before and _id_at(filter.created_before, CLOCKS_DIFFER)
    return first or BEFORE_EVERY_ID, min(below, last or AFTER_EVERY_ID)


def _id_at(moment: datetime, later: int) -> str:
    return first_execution_id(max(0, int(moment.timestamp() * 1000) + later))


def _columns(labels: Sequence[Label]) -> tuple[list[str] | None, list[str] | None]:
    if not labels:
        return None, None
    return [label.name for label in labels], [label.value for label in labels]


async def tree_sizes(connection: Connection, root_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The number of levels of each tree, and of executions in it besides its root, by the root's id."""
    records = await connection.fetch(QUERIES["tree_sizes"], list(root_ids))
    return {record["root_id"]: (record["levels"], record["total_nested"]) for record in records}
