"""The subscriptions: events as they happen."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from resolvers.batches import Batches, Wish
from resolvers.context import Info
from resolvers.delivery import delivered
from schema.arguments import NO_TYPES, EventTypes, ExecutionId, FromIndex
from schema.events import ExecutionEventBatch
from schema.selection import check_from_index, check_range, kinds

BatchSize = Annotated[int, strawberry.argument(description="How many events a batch has at most: 1 to 1000.")]
BatchTimeout = Annotated[
    int,
    strawberry.argument(description="How many milliseconds a batch waits after its first event: 0 to 1000."),
]


async def execution_events(
    info: Info,
    execution_id: ExecutionId,
    from_index: FromIndex = -1,
    event_types: EventTypes = NO_TYPES,
    batch_size: BatchSize = 100,
    batch_timeout_ms: BatchTimeout = 25,
) -> AsyncIterator[ExecutionEventBatch]:
    """The log of an execution from an index on and as it grows, until its terminal event.

    The first batch comes at once, even empty. A client that reconnects goes on from the `nextIndex` that it got last.
    """
    wish = wish_of(batch_size, batch_timeout_ms, event_types)
    check_from_index(from_index)
    viewer, services = info.context.viewer, info.context.services
    execution = await info.context.asks.execution(execution_id)
    async with services.tailer.follow(execution_id, from_index) as follower:
        with services.permits.hold(follower, viewer, execution):
            async for batch in delivered(services.batches.of(Batches(follower, wish, execution))):
                yield batch.shown


def wish_of(size: int, timeout_ms: int, event_types: EventTypes) -> Wish:
    """What a subscriber wants; raises `BadUserInput`."""
    check_range(size, 1, 1000, "batchSize")
    check_range(timeout_ms, 0, 1000, "batchTimeoutMs")
    wanted = kinds(event_types)
    return Wish(size, timeout_ms / 1000, frozenset(wanted) if wanted else None)
