"""Where every result passes on its way to a client, and its errors get their codes."""

from collections.abc import Iterator
from typing import Any

from strawberry.extensions import SchemaExtension

from schema.errors import error_for_client


class ErrorsForClients(SchemaExtension):
    """Turns each error of a result, once, into what the client may know of it."""

    def on_stream_result(self, result: Any) -> Iterator[None]:
        _turn(result)
        yield

    def on_operation(self) -> Iterator[None]:
        yield
        _turn(self.execution_context.result)


def _turn(result: Any) -> None:
    if result is not None and result.errors:
        result.errors = [error_for_client(error) for error in result.errors]
