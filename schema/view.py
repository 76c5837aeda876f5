"""Fields that read what they show from something else, so that a GraphQL type is a view and never a copy."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

READ = "read"

MethodT = TypeVar("MethodT", bound=Callable[..., Any])


class ViewField(StrawberryField):
    """A field without arguments whose value is `metadata[READ](object)`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.init = self.repr = self.compare = False
        self.read: Callable[[Any], Any] = self.metadata[READ]

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        return self.read(source)


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
