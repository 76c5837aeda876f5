"""The stream of a tree's events, and the cursors into it."""

from collections.abc import Mapping, Sequence

import strawberry

from engine.errors import BadUserInput
from schema.events import ExecutionEvent, show_event
from schema.paging import decode_cursor, encode_cursor
from storage.events import EventRow
from storage.tree_log import BEGINNING, Place

CURSOR = "tree_events"
MOST_EVENTS = 2**53


@strawberry.type(description="An event of a member of a tree, and where in the tree it happened.")
class ExecutionTreeEvent:
    level: int = strawberry.field(
        description="The distance of its execution from the root of the tree, whose level is 0."
    )
    event: ExecutionEvent = strawberry.field(description="The event.")


@strawberry.type(description="Events of an execution and its descendants that were read together.")
class ExecutionTreeEventBatch:
    events: list[ExecutionTreeEvent] = strawberry.field(
        description="The events: each log in its order, and nothing before what has caused it."
    )
    cursor: str = strawberry.field(
        description="Give it as `after` to get exactly the rest, also when the filter dropped everything."
    )
    caught_up: bool = strawberry.field(description="Whether nothing more was in the logs when this was read.")


def show_tree_events(rows: Sequence[EventRow], levels: Mapping[str, int]) -> list[ExecutionTreeEvent]:
    """Make the GraphQL objects of rows, given the levels of their executions."""
    return [ExecutionTreeEvent(level=levels[row.execution_id], event=show_event(row)) for row in rows]


def cursor_of(execution_id: str, place: Place) -> str:
    """Say where somebody who watches an execution goes on."""
    return encode_cursor(CURSOR, execution_id, place.position, place.stamp)


def place_of(cursor: str | None, execution_id: str) -> Place:
    """Read a cursor back, None for the beginning; raises `BadUserInput` for what is none of this execution's."""
    key = decode_cursor(cursor, CURSOR, str, int, int)
    if key is None:
        return BEGINNING
    owner, position, stamp = key
    if owner != execution_id or not 0 <= position <= MOST_EVENTS:
        raise BadUserInput("This is not a cursor of this execution's tree.", field="after")
    return Place(position, stamp)
