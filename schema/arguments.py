"""The arguments that several fields share, each described once."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID

from schema.enums import ExecutionEventType

First: TypeAlias = Annotated[int, strawberry.argument(description="How many at most: 1 to 100.")]
FirstOfMany: TypeAlias = Annotated[int, strawberry.argument(description="How many at most: 1 to 1000.")]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The cursor of the last member that was seen; null for the beginning.")
]
FlowId: TypeAlias = Annotated[ID, strawberry.argument(description="The flow.")]
ExecutionId: TypeAlias = Annotated[ID, strawberry.argument(description="The execution.")]
NodeId: TypeAlias = Annotated[ID, strawberry.argument(description="The node's id in the flow document.")]
FromIndex: TypeAlias = Annotated[int, strawberry.argument(description="The index to begin at; -1 is the first event.")]
EventTypes: TypeAlias = Annotated[
    Sequence[ExecutionEventType], strawberry.argument(description="Only these kinds; if empty, all.")
]
NO_TYPES: tuple[ExecutionEventType, ...] = ()
