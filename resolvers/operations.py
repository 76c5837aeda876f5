"""Running an operation that may have many results: what the transports that stream have in common."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from graphql import GraphQLError

from resolvers.context import Context
from resolvers.json_text import write_json
from resolvers.requests import Operation
from resolvers.schema import SCHEMA
from resolvers.services import Services
from resolvers.viewer import Viewer


class OperationFailed(Exception):
    """The operation was refused, or has ended before its time; `errors` are fit for the client."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(*(error.message for error in errors))
        self.errors = errors


async def results(operation: Operation, services: Services, viewer: Viewer) -> AsyncGenerator[bytes, None]:
    """Each result of an operation as JSON text: one for a query or mutation, any number for a subscription.

    Raises `OperationFailed` in place of a result that has no data. Closing it frees what a subscription holds.
    """
    context = Context(services, viewer)
    found: Any = await SCHEMA.stream(operation.query, operation.variables, context, None, operation.name)
    async with aclosing(found):
        async for result in found:
            if result.errors and result.data is None:
                raise OperationFailed(list(result.errors))
            yield write_json(_shown(result))


def _shown(result: Any) -> dict[str, Any]:
    errors = {"errors": [error.formatted for error in result.errors]} if result.errors else {}
    return {"data": result.data, **errors}
