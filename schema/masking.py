"""Where every result passes on its way to a client, and its errors get their codes."""

from collections.abc import Iterator
from typing import Any

from strawberry.extensions import SchemaExtension

from schema.errors import error_for_client, without_hint


class ErrorsForClients(SchemaExtension):
    """Turns each error of a result, once, into what the client may know of it.

    What the library suggests in place of an unknown name shows the schema, which is for the context to allow.
    """

    def on_stream_result(self, result: Any) -> Iterator[None]:
        self._turn(result)
        yield

    def on_operation(self) -> Iterator[None]:
        yield
        self._turn(self.execution_context.result)

    def _turn(self, result: Any) -> None:
        if result is not None and result.errors:
            keep = self.execution_context.context.shows_schema
            result.errors = [error_for_client(error if keep else without_hint(error)) for error in result.errors]
