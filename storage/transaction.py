"""The one place where transactions are opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from storage.pool import Connection


@asynccontextmanager
async def transaction(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """Lend a connection inside a READ COMMITTED transaction, which commits unless the block raises."""
    async with pool.acquire() as connection, connection.transaction(isolation="read_committed"):
        yield connection
