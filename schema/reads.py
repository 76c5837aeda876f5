"""Fields that are just read: how each gets its value from the object, and how that becomes JSON, worked out once.

Without the executor's own work for each field this takes a tenth of its time. What is not plain raises `NotPlain`.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import GraphQLEnumType, GraphQLField, GraphQLList, GraphQLNonNull, GraphQLObjectType, is_leaf_type
from strawberry.types.field import StrawberryField

from schema.scalars import format_date_time
from schema.view import KnownField, NotPlain, ViewField

Read = Callable[[Any], Any]
Reads = tuple[tuple[str, Read], ...]
"""Reads of fields by their names in the answer."""

Fields: TypeAlias = tuple[tuple[str, str, "Shape"], ...]
"""What is selected of an object: the name in the answer, the field, and what is selected of that."""

Shape: TypeAlias = Fields | Read
"""What is selected of a value: its fields, none of a leaf; or what renders the whole of it."""

TYPE_NAME = "__typename"
INT_LIMIT = 2**31
"""GraphQL's `Int` has 32 bits."""


def reads_of(kind: GraphQLObjectType, shape: Fields) -> Reads:
    """How each field of an object is read, by its name in the answer; raises `NotPlain`."""
    return tuple((name, read_of(kind, field, inner)) for name, field, inner in shape)


def is_plain(kind: GraphQLObjectType, name: str) -> bool:
    """Whether a field itself is just read, whatever is selected of it."""
    try:
        return name == TYPE_NAME or _source(kind, name) is not None
    except NotPlain:
        return False


def read_of(kind: GraphQLObjectType, name: str, shape: Shape) -> Read:
    """How a field of an object is read, and what is read made into JSON; raises `NotPlain`."""
    if name == TYPE_NAME:
        return lambda shown: kind.name
    source, field = _source(kind, name), kind.fields[name]
    if isinstance(field.type, GraphQLNonNull) and is_leaf_type(field.type.of_type):
        return _leaf(field.type.of_type, source)
    complete = completed(field.type, shape)
    return lambda shown: complete(source(shown))


def _source(kind: GraphQLObjectType, name: str) -> Read:
    if name not in kind.fields:
        raise NotPlain
    field: GraphQLField = kind.fields[name]
    definition = field.extensions.get("strawberry-definition")
    if isinstance(definition, ViewField | KnownField):
        return definition.read
    if isinstance(definition, StrawberryField) and definition.base_resolver is None and not field.args:
        return attrgetter(definition.python_name)
    raise NotPlain


def completed(type_: Any, shape: Shape) -> Read:
    """What makes a value of a type into JSON; raises `NotPlain` for a null where there must be none."""
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


def _completed_if_any(type_: Any, shape: Shape) -> Read:
    if isinstance(type_, GraphQLList):
        complete = completed(type_.of_type, shape)
        return lambda values: [complete(value) for value in values]
    if callable(shape):
        return shape
    if isinstance(type_, GraphQLObjectType):
        reads = reads_of(type_, shape)
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
