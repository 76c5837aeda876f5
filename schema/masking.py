"""Where every result passes on its way to a client, and its errors get their codes."""

from collections.abc import Iterator, Sequence
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from schema.errors import error_for_client, without_hint


def for_client(errors: Sequence[GraphQLError], shows_schema: bool) -> list[GraphQLError]:
    """What the client may know of each error.

    What the library suggests in place of an unknown name shows the schema, which is for the context to allow.
    """
    return [error_for_client(error if shows_schema else without_hint(error)) for error in errors]


class ErrorsForClients(SchemaExtension):
    """Turns each error of a subscription's results, once, into what the client may know of it."""

    def on_stream_result(self, result: Any) -> Iterator[None]:
        if result is not None and result.errors:
            result.errors = for_client(result.errors, self.execution_context.context.shows_schema)
        yield
