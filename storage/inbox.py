"""What the members of a family tell each other: children that they have ended, parents what is to be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from storage.pool import Connection
from storage.queries import load

QUERIES = load("inbox")


class InboxKind(StrEnum):
    """What is told: CHILD_ENDED to a parent, the others to a child."""

    CHILD_ENDED = "CHILD_ENDED"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    STOP = "STOP"


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A letter that nobody has acted on yet; `follows` says that another comes after it."""

    id: int
    kind: InboxKind
    body: Any
    follows: bool = False


class Woken(NamedTuple):
    """How many executions are queued that were told something, some of them before, and which others were: whoever
    holds those has to look."""

    queued: int
    others: Sequence[str]


def inbox_row(row: Any) -> InboxRow:
    """Read one row of the inbox."""
    body = None if row["body"] is None else orjson.loads(row["body"])
    return InboxRow(row["id"], InboxKind(row["kind"]), body, row["follows"])


async def read_inbox(connection: Connection, execution_ids: Sequence[str]) -> dict[str, list[InboxRow]]:
    """What each execution was told and has not acted on, in order: as much as fits a page."""
    told: dict[str, list[InboxRow]] = {execution_id: [] for execution_id in execution_ids}
    for row in await connection.fetch(QUERIES["read_inbox"], list(execution_ids)):
        told[row["execution_id"]].append(inbox_row(row))
    return told


async def wake(connection: Connection, execution_ids: Sequence[str]) -> Woken:
    """Queue those of the executions that were told something and that nobody holds."""
    return await _wake(connection, "wake", execution_ids)


async def wake_family(connection: Connection, execution_ids: Sequence[str]) -> Woken:
    """Queue the parents and children of the executions, as far as they were told something and nobody holds them."""
    return await _wake(connection, "wake_family", execution_ids)


async def _wake(connection: Connection, query: str, execution_ids: Sequence[str]) -> Woken:
    row = await connection.fetchrow(QUERIES[query], list(execution_ids))
    assert row is not None
    return Woken(**row)


class Forgotten(NamedTuple):
    """An execution that nobody looks at although it was told something, and its oldest letter."""

    execution_id: str
    letter: int


async def forgotten(connection: Connection, limit: int, *, within: float) -> list[Forgotten]:
    """Up to `limit` executions that were told something and that nobody looks at: no worker, and not the queue.

    Those are not meant that are looked at within so many seconds because it is time.
    """
    return [Forgotten(*row) for row in await connection.fetch(QUERIES["forgotten"], limit, within)]


async def discard_dead_letters(connection: Connection, limit: int) -> int:
    """Delete up to `limit` letters to executions that have ended; how many there were."""
    return int(await connection.fetchval(QUERIES["discard_dead_letters"], limit))
