"""Reading the log; `storage/append.py` is what writes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Generic, TypeVar

import asyncpg

from engine.entry import Entry, milliseconds
from engine.events import EVENT_TYPES, TerminalEvent, decode
from storage.pool import Connection
from storage.queries import load

QUERIES = load("events")

TERMINAL_TYPES = frozenset(kind for kind, event in EVENT_TYPES.items() if issubclass(event, TerminalEvent))
"""The kinds that end a log."""


@dataclass(slots=True)  # Not frozen, which would make each three times as dear, and they come by the hundred thousand.
class EventRow:
    """An event as it is stored: `data` is JSON text, `index` counts from -1. It never changes.

    `drawn` is for those who show it to many: what they made of it, by how they made it.
    """

    execution_id: str
    index: int
    type: str
    timestamp: datetime
    data: str
    drawn: dict[Any, Any] = field(init=False, default_factory=dict, compare=False, repr=False)

    @property
    def entry(self) -> Entry:
        """The event as the engine folds it."""
        return Entry(self.index, milliseconds(self.timestamp), decode(self.type, self.data))


RowT = TypeVar("RowT", bound=EventRow)
"""A row of a log; what also knows its place in a tree is one, too."""


async def read_chunks(
    connection: Connection, execution_id: str, node_id: str, from_index: int, limit: int
) -> list[EventRow]:
    """Up to `limit` events of what a node has written to its streams, from an index on, in order."""
    records = await connection.fetch(QUERIES["read_chunks"], execution_id, node_id, from_index, limit)
    return [EventRow(*record) for record in records]


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """The next rows of a log; `more` says that there are further ones, or may be, since the page is full."""

    rows: list[RowT]
    more: bool


async def read_events(
    connection: Connection, execution_id: str, from_index: int, limit: int, types: Sequence[str] | None = None
) -> Page[EventRow]:
    """Up to `limit` events from an index on, in order, as far as they fit a page; with `types`, only those kinds."""
    records = await connection.fetch(QUERIES["read_events"], execution_id, from_index, limit, types)
    return Page([EventRow(*record[:5]) for record in records], bool(records) and records[-1]["follows"])


async def read_page(
    connection: Connection, execution_id: str, from_index: int, *, rows: int, bytes: int
) -> Page[EventRow]:
    """Read a log from an index on until the page has `rows` rows or `bytes` bytes of data."""
    records = await connection.fetch(QUERIES["read_page"], execution_id, from_index, rows, bytes)
    return _page(records, rows, bytes)


async def read_news(
    connection: Connection, from_index: Mapping[str, int], *, rows: int, bytes: int
) -> dict[str, Page[EventRow]]:
    """Read a page of several logs, each from its own index on; logs without news are left out."""
    records = await connection.fetch(
        QUERIES["read_news"], list(from_index.keys()), list(from_index.values()), rows, bytes
    )
    return {id: _page(list(page), rows, bytes) for id, page in groupby(records, key=itemgetter("execution_id"))}


def _page(records: Sequence[asyncpg.Record], rows: int, bytes: int) -> Page[EventRow]:
    full = bool(records) and (len(records) == rows or records[-1]["size"] >= bytes)
    return Page([EventRow(*record[:5]) for record in records], full)


async def log_ends(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """The last index of each log, and whether that is its terminal event; unknown executions are left out."""
    records = await connection.fetch(QUERIES["log_ends"], list(ids))
    return {record["execution_id"]: (record["last_index"], record["ended"]) for record in records}
