"""Fields that read what they show from something else, so that a GraphQL type is a view and never a copy."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

READ = "read"

Known = Mapping[str, Any]
"""Values of an object's fields that were read together with it, by the fields' Python names."""

NOTHING: Known = {}

MethodT = TypeVar("MethodT", bound=Callable[..., Any])


class NotPlain(Exception):
    """A field cannot just be read; it needs the long way."""


class ViewField(StrawberryField):
    """A field without arguments whose value is `metadata[READ](object)`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.init = self.repr = self.compare = False
        self.read: Callable[[Any], Any] = self.metadata[READ]

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        return self.read(source)


class KnownField(StrawberryField):
    """A field without arguments whose value may be there already, in the object's `known`."""

    def read(self, source: Any) -> Any:
        """The value; raises `KeyError` if it has to be worked out."""
        return source.known[self.python_name]

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        try:
            return self.read(source)
        except KeyError:
            return super().get_result(source, info, args, kwargs)


def viewed(description: str | None, read: Callable[[Any], Any], name: str | None = None) -> Any:
    """Declare a field that is read by a function of the object; `name` is its name in GraphQL if it is another."""
    return ViewField(description=description, graphql_name=name, metadata={READ: read})


def of_row(attribute: str, description: str) -> Any:
    """Declare a field that shows an attribute of the object's `row`."""
    return viewed(description, attrgetter(f"row.{attribute}"))


def resolved(description: str, graphql_type: Any = None) -> Callable[[MethodT], MethodT]:
    """Make a method a field; `graphql_type` is what it shows where the method returns the engine's own objects."""
    make: Callable[[MethodT], MethodT] = strawberry.field(description=description, graphql_type=graphql_type)
    return make


def resolved_unless_known(description: str) -> Callable[[MethodT], MethodT]:
    """Make a method a field that is not called where its value is `known`."""
    make: Any = KnownField(description=description)
    declare: Callable[[MethodT], MethodT] = make
    return declare
