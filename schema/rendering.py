"""Rendering events without the machinery that other fields need, once for all who select the same of them.

Events come by the thousand, and all their fields are plain reads (`schema/drawings.py`). What is not plain, or goes
wrong, takes the long way, which gives the same answers and all errors.
"""

from collections.abc import AsyncIterable
from typing import Any

from graphql import ExecutionResult, OperationType
from graphql.execution.collect_fields import FieldDetails
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.drawings import Selections
from schema.events import ShownEvent
from schema.source import Source, Sourced
from storage.events import EventRow


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, but for events, which fields return as rows of the log, and for batches of them."""

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

    def build_per_event_executor(self, payload: Any) -> Any:
        """Make the copy for a batch; what is remembered of its lists of fields, which are its own, must not pile up."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Show a batch of a subscription, if all of it is plain; else execute as usual."""
        if self.operation.operation is OperationType.SUBSCRIPTION and (plain := self._selections.batch()):
            name, read = plain
            try:
                return ExecutionResult({name: read(self.root_value)}, None)
            except Exception:
                return super().execute_operation(serially)
        return super().execute_operation(serially)

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
