"""The types of events, one for each kind, made from the classes in `engine.events`.

An event that is shown is a row of the log and its `data`; the fields of its kind read from that.
"""

from dataclasses import Field
from datetime import datetime
from inspect import getdoc
from typing import Any

import orjson
import strawberry
from strawberry import ID

from engine import events, records
from engine.event import Event, fields_of, stored_key
from engine.status import ExecutionStatus
from schema.derive import SHOWN_AS, fill, output_of
from schema.enums import ExecutionEventType
from schema.scalars import JSON
from schema.view import of_row, viewed
from storage.events import EventRow, Page


@output_of(records.ExecutionError)
class ExecutionError: ...


class ShownEvent:
    """A row of the log; its `data` is read when a field of its kind is asked for."""

    __slots__ = ("_data", "row")

    def __init__(self, row: EventRow) -> None:
        self.row = row
        self._data: dict[str, Any] | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The fields of its kind."""
        if self._data is None:
            self._data = orjson.loads(self.row.data)
        return self._data


def show_event(row: EventRow) -> Any:
    """What a field of type `ExecutionEvent` returns for a row of the log; `schema/rendering.py` makes JSON of it."""
    return row


def _stored_data(shown: ShownEvent) -> orjson.Fragment:
    return orjson.Fragment(shown.row.data)


@strawberry.interface(description=getdoc(Event))
class ExecutionEvent:
    execution_id: ID = of_row("execution_id", "The execution that it happened in.")
    index: int = of_row("index", "Its place in the log: -1 for the creation, then 0, 1, 2 and so on without a gap.")
    type: ExecutionEventType = of_row("type", "Its kind.")
    timestamp: datetime = of_row("timestamp", "When it was written, by the clock of the database.")
    data: JSON = viewed("The fields of its kind as one object.", _stored_data)

    @classmethod
    def resolve_type(cls, shown: ShownEvent, *_: Any) -> str:
        return TYPE_NAMES[shown.row.type]

    @classmethod
    def is_type_of(cls, *_: Any) -> bool:
        return True


def _field(name: str, declared: Field[Any]) -> Any:
    key = stored_key(declared)

    def read(shown: ShownEvent) -> Any:
        return shown.data.get(key)

    def read_error(shown: ShownEvent) -> Any:
        return records.ExecutionError.model_validate(shown.data[key])

    described, is_error = declared.metadata["description"], declared.type is records.ExecutionError
    return viewed(described, read_error if is_error else read, key)


def _shown_as(model: type[Event]) -> type:
    """The GraphQL interface of an abstract class of events, or the type of a kind."""
    if model not in SHOWN_AS:
        parents = tuple(_shown_as(base) for base in model.__bases__ if issubclass(base, Event))
        cls = type(model.__name__, parents, {"__module__": __name__})
        make: Any = strawberry.type if model.kind else strawberry.interface
        name = f"{model.__name__}Event" if model.kind else model.__name__
        declared = {each.name: each for each in fields_of(model)}
        SHOWN_AS[model] = make(fill(cls, model, declared, _field), name=name, description=getdoc(model))
    shown: type = SHOWN_AS[model]
    return shown


SHOWN_AS[Event] = ExecutionEvent
EVENT_VIEWS = tuple(_shown_as(model) for model in events.EVENT_TYPES.values())
"""The GraphQL type of every kind; the schema must be given them, as no field names them."""

TYPE_NAMES = {kind: f"{model.__name__}Event" for kind, model in events.EVENT_TYPES.items()}


@strawberry.type(description="Events that were read together from the log of an execution.")
class ExecutionEventBatch:
    events: list[ExecutionEvent] = strawberry.field(description="The events, in the order of the log.")
    next_index: int = strawberry.field(description="Where to resume, also when the filter dropped everything.")
    caught_up: bool = strawberry.field(description="Whether nothing more was in the log when this was read.")
    status: ExecutionStatus = strawberry.field(description="The execution's status when this was read.")
    drawn: strawberry.Private[dict[Any, Any] | None] = None


@strawberry.type(description="A piece of the log of an execution.")
class ExecutionEventPage:
    events: list[ExecutionEvent] = strawberry.field(description="The events, in the order of the log.")
    next_index: int = strawberry.field(description="Where the next page begins.")
    has_more: bool = strawberry.field(description="Whether the log has more events now.")


def event_page(read: Page[EventRow], end: int) -> ExecutionEventPage:
    """Show what was read; unless the log goes on, the next page begins at `end`."""
    newest = read.rows[-1].index + 1 if read.rows else 0
    return ExecutionEventPage(
        events=[show_event(row) for row in read.rows],
        next_index=newest if read.more else max(newest, end),
        has_more=read.more,
    )
