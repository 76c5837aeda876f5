"""What a selection of events is made into: for each kind of event the reads of its fields, worked out once.

An event never changes, so its JSON is kept with its row, where others with the same selection find it. What is not
plain raises `NotPlain`, and has to take the long way.
"""

from collections.abc import Callable, Hashable
from datetime import datetime
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, ClassVar, TypeAlias
from weakref import WeakValueDictionary

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry.types.field import StrawberryField

from schema.events import TYPE_NAMES, ShownEvent
from schema.scalars import format_date_time
from schema.view import ViewField
from storage.events import EventRow

Read = Callable[[Any], Any]
Fields = dict[str, list[FieldDetails]]
"""The fields that are selected of an object, by their names in the answer."""

Shape: TypeAlias = tuple[tuple[str, str, "Shape | Drawings"], ...]
"""What is selected of an object: the name in the answer, the field, and what is selected of that; events are drawn."""

TYPE_NAME = "__typename"
INT_LIMIT = 2**31
"""GraphQL's `Int` has 32 bits."""

DRAWINGS_KEPT = 4_096
DRAWN_PER_EVENT = 8
"""How many different renderings of an event are kept with it."""

DRAWN_LENGTH = 16 * 1024
"""Characters of `data` of an event whose renderings are kept; a large one costs more room than time."""


class NotPlain(Exception):
    """A field needs the long way."""


class Drawing:
    """Renders the events of one kind for one selection; the same selection gives the same drawing."""

    __slots__ = ("_fields",)

    def __init__(self, fields: tuple[tuple[str, Read], ...]) -> None:
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


class Selections:
    """The selections of one operation with one choice of what is included, for all who run that at the same time.

    The document lives as long as this does.
    """

    _known: ClassVar[WeakValueDictionary[Hashable, "Selections"]] = WeakValueDictionary()

    def __init__(self, executor: Executor[Any], choices: VariableValues) -> None:
        self._schema = executor.schema
        self._fragments = executor.fragments
        self._variables = choices
        self._operation = executor.operation
        self._drawings: dict[tuple[int, ...], Drawings] = {}
        self._batch: list[tuple[str, Read] | None] = []

    @classmethod
    def of(cls, executor: Executor[Any]) -> "Selections":
        """The selections of the operation that is executed."""
        choices = _choices(executor.variable_values)
        known_by = executor.schema, id(executor.operation), frozenset(choices.coerced.items())
        if (selections := cls._known.get(known_by)) is None:
            cls._known[known_by] = selections = cls(executor, choices)
        return selections

    def drawings(self, selected: list[FieldDetails]) -> Drawings:
        """How the events of a field are drawn."""
        key = tuple([id(details.node) for details in selected])
        if key not in self._drawings:
            self._drawings[key] = Drawings(partial(self._make_drawing, selected))
        return self._drawings[key]

    def batch(self) -> tuple[str, Read] | None:
        """The name of a subscription's field in the answer, and how its value is read; None if that is not plain."""
        if not self._batch:
            try:
                self._batch.append(self._read_of_batch())
            except Exception:
                self._batch.append(None)
        return self._batch[0]

    def _read_of_batch(self) -> tuple[str, Read]:
        kind = self._schema.subscription_type
        assert kind
        collected = collect_fields(self._schema, self._fragments, self._variables, kind, self._operation, False)
        ((name, selected),) = collected.grouped_field_set.items()
        shown_as = kind.fields[selected[0].node.name.value].type
        return name, _once_each(_completed(shown_as, self._inner(shown_as, selected)))

    def _make_drawing(self, selected: list[FieldDetails], kind: str) -> Drawing:
        shown_as: Any = self._schema.type_map[TYPE_NAMES[kind]]
        return _drawing_of(shown_as, self._shape(shown_as, selected))

    def _shape(self, kind: GraphQLObjectType, selected: list[FieldDetails]) -> Shape:
        return tuple(self._part(kind, name, details) for name, details in self._fields(kind, selected).items())

    def _part(
        self, kind: GraphQLObjectType, name: str, details: list[FieldDetails]
    ) -> tuple[str, str, "Shape | Drawings"]:
        field = details[0].node.name.value
        return name, field, self._inner(kind.fields[field].type, details) if field in kind.fields else ()

    def _inner(self, type_: Any, selected: list[FieldDetails]) -> "Shape | Drawings":
        """What is selected of a field of this type."""
        while isinstance(type_, GraphQLNonNull | GraphQLList):
            type_ = type_.of_type
        if isinstance(type_, GraphQLInterfaceType):
            return self.drawings(selected)
        return self._shape(type_, selected) if isinstance(type_, GraphQLObjectType) else ()

    def _fields(self, kind: GraphQLObjectType, selected: list[FieldDetails]) -> Fields:
        collected = collect_subfields(
            self._schema, self._fragments, self._variables, self._operation, kind, selected, False
        )
        return collected.grouped_field_set


def _choices(variables: VariableValues) -> VariableValues:
    """The variables that can say what is included, which are the only ones that a selection depends on."""
    chosen = {name: value for name, value in variables.coerced.items() if value is None or type(value) is bool}
    return VariableValues({name: variables.sources[name] for name in chosen}, chosen)


def _once_each(read: Read) -> Read:
    """A read whose JSON is kept with what is read, if that keeps it."""

    def read_once(batch: Any) -> Any:
        drawn: dict[Any, orjson.Fragment] | None = getattr(batch, "drawn", None)
        if drawn is None:
            return read(batch)
        if read not in drawn:
            drawn[read] = orjson.Fragment(orjson.dumps(read(batch)))
        return drawn[read]

    return read_once


@lru_cache(maxsize=DRAWINGS_KEPT)
def _drawing_of(kind: GraphQLObjectType, shape: Shape) -> Drawing:
    return Drawing(_reads(kind, shape))


def _reads(kind: GraphQLObjectType, shape: Shape) -> tuple[tuple[str, Read], ...]:
    return tuple((name, _read(kind, field, inner)) for name, field, inner in shape)


def _read(kind: GraphQLObjectType, name: str, shape: "Shape | Drawings") -> Read:
    if name == TYPE_NAME:
        return lambda shown: kind.name
    if name not in kind.fields:
        raise NotPlain
    field = kind.fields[name]
    source = _source(field)
    if isinstance(field.type, GraphQLNonNull) and is_leaf_type(field.type.of_type):
        return _leaf(field.type.of_type, source)
    complete = _completed(field.type, shape)
    return lambda shown: complete(source(shown))


def _source(field: GraphQLField) -> Read:
    definition = field.extensions.get("strawberry-definition")
    if isinstance(definition, ViewField):
        return definition.read
    if isinstance(definition, StrawberryField) and definition.base_resolver is None and not field.args:
        return attrgetter(definition.python_name)
    raise NotPlain


def _completed(type_: Any, shape: "Shape | Drawings") -> Read:
    """What makes a value of a type into JSON; raises for a null where there must be none."""
    if not isinstance(type_, GraphQLNonNull):
        return _allowing_null(_completed_if_any(type_, shape))
    of_type = type_.of_type
    return _leaf(of_type) if is_leaf_type(of_type) else _required(_completed_if_any(of_type, shape))


def _allowing_null(complete: Read) -> Read:
    return lambda value: None if value is None else complete(value)


def _required(complete: Read) -> Read:
    def complete_required(value: Any) -> Any:
        if value is None:
            raise NotPlain
        return complete(value)

    return complete_required


def _completed_if_any(type_: Any, shape: "Shape | Drawings") -> Read:
    if isinstance(type_, GraphQLList):
        complete = _completed(type_.of_type, shape)
        return lambda values: [complete(value) for value in values]
    if isinstance(shape, Drawings):
        return lambda row: shape[row.type].render(row)
    if isinstance(type_, GraphQLObjectType):
        reads = _reads(type_, shape)
        return lambda value: {name: read(value) for name, read in reads}
    return _leaf(type_)


def _itself(value: Any) -> Any:
    return value


def _leaf(type_: Any, source: Read = _itself) -> Read:
    """What completes a value that is there, wherever it is read from; raises for null.

    Almost all values are of the very Python type that goes into JSON as it is, which is all that is looked at then.
    """
    if not is_leaf_type(type_):
        raise NotPlain
    coerce = _required(type_.coerce_output_value)
    if isinstance(type_, GraphQLEnumType):
        coerce = lru_cache(maxsize=len(type_.values))(coerce)
        return lambda shown: coerce(source(shown))
    match type_.name:
        case "ID" | "String":
            return lambda shown: value if type(value := source(shown)) is str else coerce(value)
        case "Int":
            return lambda shown: (
                value if type(value := source(shown)) is int and -INT_LIMIT <= value < INT_LIMIT else coerce(value)
            )
        case "Float":
            return lambda shown: value if type(value := source(shown)) is float else coerce(value)
        case "DateTime":
            return lambda shown: format_date_time(value) if type(value := source(shown)) is datetime else coerce(value)
        case "JSON":
            return lambda shown: coerce(value) if (value := source(shown)) is None else value
        case _:
            return lambda shown: coerce(source(shown))
