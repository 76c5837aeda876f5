"""What a selection of events is made into: for each kind of event the reads of its fields, worked out once.

An event never changes, so its JSON is kept with its row, where others with the same selection find it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson
from graphql import GraphQLObjectType

from schema.events import ShownEvent
from schema.reads import Fields, Reads, reads_of
from storage.events import EventRow

DRAWINGS_KEPT = 4_096
DRAWN_PER_EVENT = 8
"""How many different renderings of an event are kept with it."""

DRAWN_LENGTH = 16 * 1024
"""Characters of `data` of an event whose renderings are kept; a large one costs more room than time."""


class Drawing:
    """Renders the events of one kind for one selection; the same selection gives the same drawing."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Reads) -> None:
        self._fields = fields

    def render(self, row: EventRow) -> orjson.Fragment:
        """The event as JSON; raises what goes wrong."""
        drawn: dict[Any, orjson.Fragment] = row.drawn
        if self in drawn:
            return drawn[self]
        shown = ShownEvent(row)
        rendered = orjson.Fragment(orjson.dumps({name: read(shown) for name, read in self._fields}))
        if len(drawn) < DRAWN_PER_EVENT and len(row.data) <= DRAWN_LENGTH:
            drawn[self] = rendered
        return rendered


class Drawings(dict[str, Drawing]):
    """The drawings of one selection by kind, each made when it is first needed; raises `NotPlain`."""

    def __init__(self, make: Callable[[str], Drawing]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, kind: str) -> Drawing:
        self[kind] = drawing = self._make(kind)
        return drawing

    def render(self, row: EventRow) -> orjson.Fragment:
        """An event as JSON; raises what goes wrong."""
        return self[row.type].render(row)


@lru_cache(maxsize=DRAWINGS_KEPT)
def drawing_of(kind: GraphQLObjectType, shape: Fields) -> Drawing:
    """The drawing of what is selected of a kind of event."""
    return Drawing(reads_of(kind, shape))
