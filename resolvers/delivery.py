"""How long events take from the log to those who watch."""

import time
from collections.abc import AsyncIterable, AsyncIterator

from resolvers.batches import Batch
from resolvers.metrics import DELIVERY_SECONDS


async def delivered(batches: AsyncIterable[Batch]) -> AsyncIterator[Batch]:
    """The same batches; when the next one is asked for, this one was written to the connection.

    Only events that are younger than the subscription are measured: older ones are a replay.
    """
    began = time.time()
    async for batch in batches:
        yield batch
        if batch.rows and (newest := batch.rows[-1].timestamp.timestamp()) >= began:
            DELIVERY_SECONDS.observe(max(time.time() - newest, 0.0))
