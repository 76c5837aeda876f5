"""The subscription to an execution and all its descendants."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.delivery import delivered
from resolvers.live import BatchSize, BatchTimeout, wish_of
from resolvers.tree_batches import TreeBatches
from schema.arguments import NO_TYPES, EventTypes, ExecutionId
from schema.tree_events import ExecutionTreeEventBatch, place_of, show_tree_events

AfterBatch = Annotated[
    str | None, strawberry.argument(description="The cursor of the last batch that was seen; null for the beginning.")
]


async def execution_tree_events(
    info: Info,
    execution_id: ExecutionId,
    after: AfterBatch = None,
    event_types: EventTypes = NO_TYPES,
    batch_size: BatchSize = 100,
    batch_timeout_ms: BatchTimeout = 25,
) -> AsyncIterator[ExecutionTreeEventBatch]:
    """The logs of an execution and all its descendants as one stream, until all of them have ended.

    `CHILD_EXECUTION_SPAWNED` comes before the child's own events, and the child's last event before
    `CHILD_EXECUTION_COMPLETED` or `CHILD_EXECUTION_FAILED`. The first batch comes at once, even empty. A client that
    reconnects goes on `after` the `cursor` that it got last.
    """
    wish = wish_of(batch_size, batch_timeout_ms, event_types)
    place = place_of(after, execution_id)
    context = info.context
    execution = await context.asks.execution(execution_id)
    async with context.services.trees.follow(execution.root_id, execution_id, place) as follower:
        batches = TreeBatches(follower, wish, execution)
        with context.services.permits.hold(follower, context.viewer, execution):
            async for batch in delivered(batches):
                events = show_tree_events(batch.rows, follower.levels)
                yield ExecutionTreeEventBatch(events=events, cursor=batches.cursor, caught_up=batch.caught_up)
