"""Executing operations without the machinery that most of their fields do not need.

Plain fields are just read (`schema/reads.py`), and events, which come by the thousand, are rendered once for all who
select the same of them (`schema/drawings.py`). What is not plain, or goes wrong, takes the long way, which gives the
same answers and all errors.
"""

from collections.abc import AsyncIterable, Awaitable, Mapping
from typing import Any

from graphql import ExecutionResult, GraphQLObjectType, OperationType
from graphql.execution.collect_fields import FieldDetails
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.events import ShownEvent
from schema.reads import Reads
from schema.selections import Grouped, Selections
from schema.source import Source, Sourced
from storage.events import EventRow


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, but for plain fields, and for events, which fields return as rows of the log."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The copies that a subscription makes for its batches share this.
        self._selections = Selections.of(self)

    def cancellable_iterable(self, iterable: AsyncIterable[Any]) -> AsyncIterable[Any]:
        """Let whoever gave the context have the batches of a plain subscription without executing them."""
        context, plain = self.context_value, self._selections.batch()
        if not plain or not isinstance(context, Sourced):
            return super().cancellable_iterable(iterable)
        name, read = plain
        context.source = Source(aiter(iterable), lambda batch: {name: read(batch)})
        return context.source

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Show a batch of a subscription, if all of it is plain; else execute as usual."""
        if self.operation.operation is OperationType.SUBSCRIPTION and (plain := self._selections.batch()):
            name, read = plain
            try:
                return ExecutionResult({name: read(self.root_value)}, None)
            except Exception:
                return super().execute_operation(serially)
        return super().execute_operation(serially)

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: list[FieldDetails]) -> Any:
        """What is selected of an object, worked out once for all who run this operation."""
        return self._selections.collected(return_type, field_details_list)

    def execute_fields(
        self, parent_type: GraphQLObjectType, source_value: Any, path: Any, grouped_field_set: Grouped, *rest: Any
    ) -> Any:
        """Read the fields of an object that are plain, and execute the others."""
        results = _read(self._selections.plain(grouped_field_set), source_value)
        if len(results) == len(grouped_field_set):
            return results
        others: Any = {name: field for name, field in grouped_field_set.items() if name not in results}
        executed = super().execute_fields(parent_type, source_value, path, others, *rest)
        return _merged(grouped_field_set, results, executed) if results else executed

    def complete_list_value(
        self, return_type: Any, selected: list[FieldDetails], info: Any, path: Any, result: Any, *rest: Any
    ) -> Any:
        """Show a list of events."""
        if type(result) is list and result and type(result[0]) is EventRow:
            try:
                drawings = self._selections.drawings(selected)
                return [drawings[row.type].render(row) for row in result]
            except Exception:
                result = [ShownEvent(row) for row in result]
        return super().complete_list_value(return_type, selected, info, path, result, *rest)

    def complete_abstract_value(
        self, return_type: Any, selected: list[FieldDetails], info: Any, path: Any, result: Any, *rest: Any
    ) -> Any:
        """Show an event."""
        if isinstance(result, EventRow):
            try:
                return self._selections.drawings(selected)[result.type].render(result)
            except Exception:
                result = ShownEvent(result)
        return super().complete_abstract_value(return_type, selected, info, path, result, *rest)


def _read(reads: Reads, source: Any) -> dict[str, Any]:
    """What can be read."""
    results: dict[str, Any] = {}
    for name, read in reads:
        try:
            results[name] = read(source)
        except Exception:
            # The long way finds what is wrong with it.
            continue
    return results


def _merged(fields: Grouped, read: Mapping[str, Any], executed: Any) -> Any:
    """What was read and what was executed, in the order in which it was asked for."""
    if isinstance(executed, dict):
        found = {**read, **executed}
        return {name: found[name] for name in fields if name in found}
    return _merged_later(fields, read, executed)


async def _merged_later(fields: Grouped, read: Mapping[str, Any], executed: Awaitable[Any]) -> Any:
    return _merged(fields, read, await executed)
