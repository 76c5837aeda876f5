"""Running an operation that may have many results: what the transports that stream have in common."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from graphql import ExecutionResult, GraphQLError, get_operation_ast
from strawberry.types.graphql import OperationType

from resolvers.context import Context
from resolvers.json_text import write_json
from resolvers.measuring import measured
from resolvers.requests import Operation
from resolvers.schema import SCHEMA
from schema.documents import read_document
from schema.executing import execute
from schema.source import Source


class OperationFailed(Exception):
    """The operation was refused, or has ended before its time; `errors` are fit for the client."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(*(error.message for error in errors))
        self.errors = errors

    @property
    def shown(self) -> list[Any]:
        """The errors as a response has them."""
        return [error.formatted for error in self.errors]


async def result(operation: Operation, context: Context) -> ExecutionResult:
    """The result of a query or mutation."""
    return await execute(SCHEMA._schema, operation.query, operation.variables, operation.name, context)


async def results(operation: Operation, context: Context) -> AsyncGenerator[bytes, None]:
    """Each result of an operation as JSON text: one for a query or mutation, any number for a subscription.

    Raises `OperationFailed` if the operation was not executed, or if a subscription cannot go on. Closing it frees what
    a subscription holds.
    """
    type = type_of(operation)
    found = _subscribed(operation, context) if type is OperationType.SUBSCRIPTION else _once(operation, context)
    with measured(type) as seen:
        async with aclosing(found):
            async for result in found:
                seen.errors = result.errors or ()
                if not was_executed(result):
                    raise OperationFailed(list(result.errors))
                yield write_json(_shown(result))
                # All the plain ones may come while this one would be held on to.
                del result
                while context.source and (text := await _next_plain(context.source)):
                    yield text


async def _once(operation: Operation, context: Context) -> AsyncGenerator[Any, None]:
    yield await result(operation, context)


async def _subscribed(operation: Operation, context: Context) -> AsyncGenerator[Any, None]:
    found: Any = await SCHEMA.subscribe(operation.query, operation.variables, context, None, operation.name)
    async with aclosing(found):
        async for each in found:
            yield each


async def _next_plain(source: Source) -> bytes | None:
    """The text alone of a result that only has to be read: while it is sent, nothing else is kept of it here."""
    data = await source.plain()
    return None if data is None else write_json({"data": data})


def was_executed(result: Any) -> bool:
    """Whether a result is of an operation's execution; what goes wrong there is at some path."""
    return result.data is not None or any(error.path for error in result.errors or ())


def type_of(operation: Operation) -> OperationType | None:
    """Whether it is a query, a mutation or a subscription; None for what cannot be executed anyway."""
    try:
        document = read_document(operation.query)
    except (GraphQLError, RecursionError):
        return None
    definition = get_operation_ast(document, operation.name)
    return OperationType(definition.operation.value) if definition else None


def _shown(result: Any) -> dict[str, Any]:
    errors = {"errors": [error.formatted for error in result.errors]} if result.errors else {}
    return {"data": result.data, **errors}
