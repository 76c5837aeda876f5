"""Connections by the Relay specification, over keysets: a cursor names the last row seen, never a number of rows."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import orjson
import strawberry

from engine.errors import BadUserInput

T = TypeVar("T")
RowT = TypeVar("RowT")

PAGE_LIMIT = 100
LONG_PAGE_LIMIT = 1000


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows.")
    has_previous_page: bool = strawberry.field(description="Whether the page begins after a cursor.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge; null if there is none.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge; null if there is none.")


@strawberry.type(description="One member of a list, and where it stands.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The member.")
    cursor: str = strawberry.field(description="Give it as `after` to get what follows.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The members of this page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")


def check_first(first: int, limit: int = PAGE_LIMIT) -> int:
    """Return how many are asked for; raises `BadUserInput` outside of 1 to `limit`."""
    if not 1 <= first <= limit:
        raise BadUserInput(f"first must be from 1 to {limit}, not {first}.", field="first")
    return first


def encode_cursor(kind: str, *key: str | int) -> str:
    """Make the cursor of a row from its key; `kind` tells the lists apart."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *key])).decode().rstrip("=")


def decode_cursor(cursor: str | None, kind: str, *types: type) -> tuple[Any, ...] | None:
    """Read the key back, None for no cursor; raises `BadUserInput` for what is not of that kind and these types."""
    if cursor is None:
        return None
    try:
        found, *key = orjson.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, UnicodeEncodeError, ValueError, TypeError):
        found, key = None, []
    if found != kind or [type(part) for part in key] != list(types) or not all(map(_can_be_compared, key)):
        raise BadUserInput("This is not a cursor of this list.", field="after")
    return tuple(key)


def _can_be_compared(part: str | int) -> bool:
    """Whether the database can hold a part of a key."""
    return 0 <= part < 2**31 if isinstance(part, int) else part.isascii() and "\0" not in part


def page(
    rows: Sequence[RowT],
    first: int,
    after: str | None,
    show: Callable[[RowT], T],
    cursor: Callable[[RowT], str],
) -> Connection[T]:
    """Make the page of the first `first` rows; one row more than that says that the list goes on."""
    edges = [Edge(node=show(row), cursor=cursor(row)) for row in rows[:first]]
    info = PageInfo(
        has_next_page=len(rows) > first,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, page_info=info)
