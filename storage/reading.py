"""Short reads, which must not hang on a connection that has died without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from storage.pool import Connection

READ_SECONDS = 4.0
"""How long a read for those who follow something may take; a page takes some milliseconds."""


@asynccontextmanager
async def reading(pool: asyncpg.Pool, seconds: float | None = None) -> AsyncIterator[Connection]:
    """Lend a connection for a read; raises TimeoutError, which is an outage, after `READ_SECONDS` or so many seconds.

    Most likely the way to the server is cut then, and the other connections have died too, so each of them is replaced
    before it is lent again.
    """
    async with pool.acquire() as connection:
        try:
            async with asyncio.timeout(READ_SECONDS if seconds is None else seconds):
                yield connection
        except TimeoutError:
            connection.terminate()
            await pool.expire_connections()
            raise
