"""Reading logs from where a follower is, for those who are behind the newest rows."""

import asyncio
from functools import partial

import asyncpg

from engine.errors import NotFound
from storage.events import EventRow, Page, read_page
from storage.follow import PAGE_BYTES, PAGE_ROWS
from storage.for_ever import through_outages
from storage.reading import reading

READS_AT_ONCE = 4
"""How many pages may be read at the same time, so that the pool has connections for others."""

PAGES_KEPT = 8
"""How many pages are kept for followers who come to the same place a little later; each has `PAGE_BYTES` at most."""

AHEAD_LIMIT = 4
"""How many pages may be read before anybody asks for them."""

Place = tuple[str, int]
"""An execution, and the index that a page of its log begins with."""


class Replays:
    """Reads pages of logs; whoever comes to the same place at the same time, or soon after, shares the page."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._turns = asyncio.Semaphore(READS_AT_ONCE)
        self._pages: dict[Place, asyncio.Task[Page[EventRow]]] = {}
        self._ahead: set[Place] = set()
        self._stopped = False

    async def page(self, execution_id: str, from_index: int) -> Page[EventRow]:
        """The next rows of a log, at least one; an outage is waited out. Raises `NotFound` if there are none."""
        place = execution_id, from_index
        self._ahead.discard(place)
        page = await through_outages(lambda: asyncio.shield(self._shared(place)), lambda: self._stopped)
        self._read_ahead(execution_id, page)
        return page

    def forget(self, execution_id: str) -> None:
        """Keep nothing more of a log."""
        for place in [place for place in self._pages if place[0] == execution_id]:
            self._drop(place)

    def stop(self) -> None:
        """Wait out no more outages, and keep nothing."""
        self._stopped = True
        self._pages.clear()
        self._ahead.clear()

    def _read_ahead(self, execution_id: str, page: Page[EventRow]) -> None:
        """Read the page after this one, which whoever takes this one is going to ask for."""
        after = execution_id, page.rows[-1].index + 1
        if page.more and after not in self._pages and len(self._ahead) < AHEAD_LIMIT and not self._stopped:
            self._ahead.add(after)
            self._shared(after)

    def _shared(self, place: Place) -> "asyncio.Task[Page[EventRow]]":
        if place not in self._pages:
            reading = asyncio.create_task(self._read(*place), name="replay")
            reading.add_done_callback(partial(self._drop_if_failed, place))
            self._pages[place] = reading
            if len(self._pages) > PAGES_KEPT:
                self._drop(next(iter(self._pages)))
        return self._pages[place]

    def _drop_if_failed(self, place: Place, reading: "asyncio.Task[Page[EventRow]]") -> None:
        failed = reading.cancelled() or reading.exception() is not None
        if failed and self._pages.get(place) is reading:
            self._drop(place)

    def _drop(self, place: Place) -> None:
        del self._pages[place]
        self._ahead.discard(place)

    async def _read(self, execution_id: str, from_index: int) -> Page[EventRow]:
        # Pages end at the same places wherever they begin, so that those who come from different places soon meet.
        rows = PAGE_ROWS - (from_index + 1) % PAGE_ROWS
        async with self._turns, reading(self._pool) as connection:
            page = await read_page(connection, execution_id, from_index, rows=rows, bytes=PAGE_BYTES)
        if not page.rows:
            raise NotFound("The execution was deleted.")
        return page
