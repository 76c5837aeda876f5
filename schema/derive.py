"""GraphQL types made from the engine's models, so that a field is declared once, there."""

from collections.abc import Callable, Mapping
from datetime import datetime
from inspect import get_annotations, getdoc
from types import GenericAlias, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import strawberry
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from strawberry import ID

from engine.values import Value
from schema.scalars import JSON

ClassT = TypeVar("ClassT", bound=type)
InfoT = TypeVar("InfoT")

MARKERS: Mapping[str, Any] = {"ID": ID, "DateTime": datetime, "JSON": JSON}
"""What the engine's markers in `Annotated` stand for."""

SHOWN_AS: dict[Any, Any] = {}
"""The GraphQL class of each model that has one."""


def output_of(model: type[BaseModel]) -> Callable[[ClassT], ClassT]:
    """Make the decorated class the GraphQL type that shows instances of a model."""

    def derive(cls: ClassT) -> ClassT:
        SHOWN_AS[model] = cls
        return strawberry.type(fill(cls, model, model.model_fields, _output_field), description=getdoc(model))

    return derive


def input_of(model: type[BaseModel]) -> Callable[[ClassT], ClassT]:
    """Make the decorated class the GraphQL input that a model is read from, with the model's defaults."""

    def derive(cls: ClassT) -> ClassT:
        return strawberry.input(fill(cls, model, model.model_fields, _input_field), description=getdoc(model))

    return derive


def _output_field(name: str, info: FieldInfo) -> Any:
    return strawberry.field(description=info.description, name=info.alias)


def _input_field(name: str, info: FieldInfo) -> Any:
    if info.default_factory:
        empty: Any = info.default_factory
        return strawberry.field(description=info.description, name=info.alias, default_factory=empty)
    return strawberry.field(description=info.description, name=info.alias, default=info.default)


def fill(cls: ClassT, model: type, fields: Mapping[str, InfoT], make: Callable[[str, InfoT], Any]) -> ClassT:
    """Give a class an annotation and a field for each of `fields` that the model itself declares."""
    hints = get_type_hints(model, include_extras=True)
    own = [name for name in get_annotations(model) if name in fields]
    cls.__annotations__ = {name: graphql_annotation(hints[name]) for name in own}
    for name in own:
        setattr(cls, name, make(name, fields[name]))
    return cls


def graphql_annotation(hint: Any) -> Any:
    """Translate a model's annotation: markers to scalars, values to JSON, models to their GraphQL types."""
    if hint in (Any, Value):
        return JSON | None
    match get_origin(hint):
        case None:
            return SHOWN_AS.get(hint, hint)
        case origin if origin is Annotated:
            return _marked(*get_args(hint))
        case origin if origin in (Union, UnionType):
            return _optional(hint)
        case origin if origin is list:
            return GenericAlias(list, (graphql_annotation(get_args(hint)[0]),))
        case _:
            return JSON


def _marked(inner: Any, *marks: Any) -> Any:
    found = [MARKERS[mark] for mark in marks if isinstance(mark, str)]
    return found[0] if found else graphql_annotation(inner)


def _optional(hint: Any) -> Any:
    (inner,) = (part for part in get_args(hint) if part is not type(None))
    return graphql_annotation(inner) | None
