"""How the commands of clients, and the words of their families, reach the runs that they are for."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

import asyncpg

from jobs.letters import Mail
from storage.claims import unapplied_mail, with_mail
from storage.inbox import read_inbox
from storage.pool import DATABASE_TROUBLE

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
REMEMBERED = 256
"""How many of the last notifications for executions that are not here are kept for those that are just coming."""


class Mailroom:
    """Reads mailboxes, many at once, and tells the runs of this worker when theirs have something.

    A notification is the quick way; a poll of all held executions in one query every `POLL_SECONDS` is the sure one.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._listeners: dict[str, Callable[[], None]] = {}
        self._missed: deque[str] = deque(maxlen=REMEMBERED)
        self._wanted: dict[str, list[asyncio.Future[Mail]]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._poller: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to poll."""
        self._poller = asyncio.create_task(self._poll_for_ever())

    async def stop(self) -> None:
        """Stop polling and reading."""
        tasks = [task for task in (self._poller, self._reader) if task]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def enter(self, execution_id: str, on_mail: Callable[[], None]) -> None:
        """Have a run told of its mail, also of what was announced while its claim was on its way here."""
        self._listeners[execution_id] = on_mail
        if execution_id in self._missed:
            on_mail()

    def leave(self, execution_id: str, on_mail: Callable[[], None]) -> None:
        """Stop telling a run, unless a newer one of the same execution is told now."""
        if self._listeners.get(execution_id) == on_mail:
            del self._listeners[execution_id]

    def notified(self, execution_id: str | None, _index: int | None = None) -> None:
        """Take a notification: for one execution, or (None) for whatever may have been missed."""
        if execution_id is None:
            for on_mail in list(self._listeners.values()):
                on_mail()
        elif execution_id in self._listeners:
            self._listeners[execution_id]()
        else:
            self._missed.append(execution_id)

    async def read(self, execution_id: str) -> Mail:
        """What has come for one execution and is not applied yet; reads asked for together cost one query each."""
        future: asyncio.Future[Mail] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(execution_id, []).append(future)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_wanted())
        return await future

    async def _read_wanted(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            try:
                async with self._pool.acquire() as connection:
                    commands = await unapplied_mail(connection, list(wanted))
                    family = await read_inbox(connection, list(wanted))
            except DATABASE_TROUBLE as error:
                logger.warning("Mailboxes could not be read (%s); trying again.", error)
                self._want_again(wanted)
                await asyncio.sleep(POLL_SECONDS)
                continue
            for execution_id, futures in wanted.items():
                self._deliver(futures, Mail(commands[execution_id], family[execution_id]))

    def _want_again(self, wanted: dict[str, list[asyncio.Future[Mail]]]) -> None:
        for execution_id, futures in wanted.items():
            self._wanted.setdefault(execution_id, []).extend(futures)

    @staticmethod
    def _deliver(futures: list[asyncio.Future[Mail]], found: Mail) -> None:
        for future in futures:
            if not future.done():
                future.set_result(found)

    async def _poll_for_ever(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._listeners:
                await self._poll()

    async def _poll(self) -> None:
        try:
            async with self._pool.acquire() as connection:
                for execution_id in await with_mail(connection, list(self._listeners)):
                    self.notified(execution_id)
        except DATABASE_TROUBLE as error:
            logger.warning("Mailboxes could not be polled (%s).", error)
