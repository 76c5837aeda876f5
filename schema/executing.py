"""Executing queries and mutations, each of which has one result.

Strawberry's own way is as good, but what it does for its extensions takes as long as all else for a small query.
"""

from typing import Any, Protocol

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema
from strawberry.execution.is_awaitable import optimized_is_awaitable

from schema.documents import checked
from schema.masking import for_client
from schema.rendering import PlainExecutor


class Showing(Protocol):
    """The part of an operation's context that says whether the schema is shown to who asks."""

    @property
    def shows_schema(self) -> bool: ...


_IS_AWAITABLE: Any = optimized_is_awaitable


async def execute(
    schema: GraphQLSchema, text: str, variables: dict[str, Any] | None, name: str | None, context: Showing
) -> ExecutionResult:
    """The result of a query or mutation, with errors that are fit for the client."""
    document, problems = checked(schema, text, shows_schema=context.shows_schema)
    if problems or document is None:
        result = ExecutionResult(None, problems)
    else:
        result = await _executed(schema, document, variables, name, context)
    return ExecutionResult(result.data, for_client(result.errors, context.shows_schema)) if result.errors else result


async def _executed(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any] | None, name: str | None, context: Showing
) -> ExecutionResult:
    try:
        executor = PlainExecutor.build(
            schema,
            document,
            context_value=context,
            raw_variable_values=variables,
            operation_name=name,
            is_awaitable=_IS_AWAITABLE,
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result: Any = executor.execute_operation()
        executed: ExecutionResult = await result if optimized_is_awaitable(result) else result
    except Exception as error:
        return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])
    return executed
