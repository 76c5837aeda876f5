"""Reading a whole log, with no connection held between its pages."""

from collections.abc import AsyncGenerator

import asyncpg

from engine.errors import NotFound
from storage.events import EventRow, read_page
from storage.follow import PAGE_BYTES, PAGE_ROWS


async def log_pages(
    pool: asyncpg.Pool, execution_id: str, from_index: int, to_index: int
) -> AsyncGenerator[list[EventRow], None]:
    """The events of a log from an index on, a page at a time, until one has `to_index`; the last may go beyond.

    The pages are those of followers, small enough that others of the process do not wait. Raises `NotFound` if the
    execution is gone.
    """
    while from_index <= to_index:
        async with pool.acquire() as connection:
            page = await read_page(connection, execution_id, from_index, rows=PAGE_ROWS, bytes=PAGE_BYTES)
        if not page.rows:
            raise NotFound("The execution was deleted.")
        yield page.rows
        from_index = page.rows[-1].index + 1
