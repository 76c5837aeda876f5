"""The log of a tree: one order of all its members' events, written down when somebody reads.

A reader that wants news sees in one snapshot how far every log has grown and how far the tree log covers it, orders
what is new (`storage/tree_order.py`), and adds it, if the tree log still has the length of that snapshot; else another
reader was faster, and it looks again. So the order is the same for all readers and never changes.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import attrgetter, itemgetter

import asyncpg

from engine.errors import Conflict, NotFound
from storage.events import EventRow, Page
from storage.pool import Connection
from storage.queries import load
from storage.subtree import Subtree
from storage.tree_order import ChildNews, Growth, Range, in_causal_order

QUERIES = load("trees")

SPAWNED = "CHILD_EXECUTION_SPAWNED"
STAMP_BITS = 31

LOST = "The log has lost events that were read already; read it again from its start."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader of a tree goes on: how many events were before, and the stamp of the last of them (0: none)."""

    position: int = 0
    stamp: int = 0


BEGINNING = Place()


@dataclass(slots=True)
class TreeRow(EventRow):
    """An event in the log of its tree; `level` is its execution's distance from the root, `place` counts from 0."""

    level: int
    parent_id: str | None
    place: int
    stamp: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How long the log of a tree is, and what has no place in it yet."""

    length: int
    grown: Sequence[Growth]


@dataclass(frozen=True, slots=True)
class TreeNews:
    """How long the log of a tree is, and whether something has no place in it yet."""

    length: int
    has_news: bool


async def fill(connection: Connection, root_id: str) -> int:
    """Give everything new its place in the log of a tree; gives the length of that. Raises `NotFound`.

    Several may do so at once, each on one connection from beginning to end: what it has seen must still be there when
    it adds, and a failover in between would cut the connection.
    """
    while True:
        snapshot = await read_snapshot(connection, root_id)
        if not snapshot.grown:
            return snapshot.length
        ranges = in_causal_order(snapshot.grown)
        length = snapshot.length + sum(each.length for each in ranges)
        if await _extend(connection, root_id, snapshot, ranges, length):
            return length


async def read_snapshot(connection: Connection, root_id: str) -> Snapshot:
    """See at one time what is new in a tree; raises `NotFound` if there is none with that root."""
    records = await connection.fetch(QUERIES["tree_snapshot"], root_id)
    if not records:
        raise NotFound("There is no such execution.")
    grown = (record for record in records if record["execution_id"] is not None)
    return Snapshot(records[0]["length"], list(_growths(grown)))


def _growths(records: Iterable[asyncpg.Record]) -> Iterator[Growth]:
    for execution_id, group in groupby(records, key=itemgetter("execution_id")):
        rows = list(group)
        yield Growth(
            execution_id=execution_id,
            parent_id=rows[0]["parent_id"],
            from_index=rows[0]["covered"] + 1,
            to_index=rows[0]["last_index"],
            has_ended=rows[0]["ended"],
            children=[
                ChildNews(row["index"], row["child_id"], row["type"] != SPAWNED)
                for row in rows
                if row["index"] is not None
            ],
        )


async def _extend(
    connection: Connection, root_id: str, snapshot: Snapshot, ranges: Sequence[Range], length: int
) -> bool:
    """Add ranges, unless the log has grown since the snapshot."""
    places = accumulate((each.length for each in ranges[:-1]), initial=snapshot.length)
    columns = [[get(each) for each in ranges] for get in map(attrgetter, ("execution_id", "from_index", "to_index"))]
    members = [
        [get(each) for each in snapshot.grown] for get in map(attrgetter, ("execution_id", "to_index", "has_ended"))
    ]
    stamp = 1 + secrets.randbelow(2**STAMP_BITS - 1)
    try:
        added = await connection.fetchval(
            QUERIES["extend_tree"], root_id, snapshot.length, length, stamp, list(places), *columns, *members
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotFound("The execution was deleted.") from None
    return added is not None


async def check_place(connection: Connection, root_id: str, place: Place) -> None:
    """Raise `Conflict` if the log of a tree has not what a reader says that it has read."""
    if place.position and place.stamp != await connection.fetchval(QUERIES["stamp_before"], root_id, place.position):
        raise Conflict(LOST)


async def read_tree_page(
    connection: Connection, root_id: str, from_place: int, *, rows: int, bytes: int
) -> Page[TreeRow]:
    """Read the log of a tree until the page has `rows` events or `bytes` bytes of data.

    Raises `Conflict` if events are gone that have a place.
    """
    records = await connection.fetch(QUERIES["read_tree"], root_id, from_place, rows, bytes)
    if records and records[-1]["place"] != from_place + len(records) - 1:
        raise Conflict(LOST)
    full = bool(records) and (len(records) == rows or records[-1]["size"] >= bytes)
    return Page([TreeRow(*record[:9]) for record in records], full)


async def open_members(connection: Connection, root_id: str) -> dict[str, int]:
    """The members that may still have news, with the last index that has a place of each."""
    records = await connection.fetch(QUERIES["open_members"], root_id)
    return {record["execution_id"]: record["covered"] for record in records}


async def tree_news(connection: Connection, root_ids: Iterable[str]) -> dict[str, TreeNews]:
    """What is new in trees, by root; trees that are gone are left out."""
    records = await connection.fetch(QUERIES["tree_news"], list(root_ids))
    return {record["root_id"]: TreeNews(record["length"], record["has_news"]) for record in records}


async def read_subtree(connection: Connection, root_id: str, execution_id: str) -> Subtree:
    """An execution of a tree and its descendants so far; raises `NotFound`."""
    levels: dict[str, int] = {}
    running: set[str] = set()
    for id, parent_id, level, is_open in await connection.fetch(QUERIES["whole_tree"], root_id):
        if id == execution_id or parent_id in levels:
            levels[id] = level
            running.update([id] if is_open else [])
    if not levels:
        raise NotFound("There is no such execution.")
    return Subtree(levels, running)
