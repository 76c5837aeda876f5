"""How the commands of clients reach the runs that they are for."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import asyncpg

from engine.commands import Command, Pause, Resume, Start, Stop
from engine.ledger import Letter
from engine.status import ExecutionCommand
from storage.claims import MailRow, unapplied_mail, with_mail
from storage.pool import DATABASE_TROUBLE

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
REMEMBERED = 256
"""How many of the last notifications for executions that are not here are kept for those that are just coming."""


def letters(rows: Sequence[MailRow], worker_id: str) -> list[Letter]:
    """Turn mailbox rows into what the engine understands."""
    return [Letter(row.seq, _command(row, worker_id)) for row in rows]


def _command(row: MailRow, worker_id: str) -> Command:
    match row.command:
        case ExecutionCommand.START:
            return Start(worker_id)
        case ExecutionCommand.PAUSE:
            return Pause((row.payload or {}).get("reason"))
        case ExecutionCommand.RESUME:
            return Resume()
        case ExecutionCommand.STOP:
            return Stop((row.payload or {}).get("reason"))
        case _:
            raise ValueError(f"no worker of this version applies {row.command}")


class Mailroom:
    """Reads mailboxes, many at once, and tells the runs of this worker when theirs have something.

    A notification is the quick way; a poll of all held executions in one query every `POLL_SECONDS` is the sure one.
    """

    def __init__(self, pool: asyncpg.Pool, worker_id: str) -> None:
        self._pool = pool
        self._worker_id = worker_id
        self._listeners: dict[str, Callable[[], None]] = {}
        self._missed: deque[str] = deque(maxlen=REMEMBERED)
        self._wanted: dict[str, list[asyncio.Future[list[MailRow]]]] = {}
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

    async def read(self, execution_id: str) -> list[Letter]:
        """The commands of one execution that are not applied yet; reads asked for together cost one query."""
        future: asyncio.Future[list[MailRow]] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(execution_id, []).append(future)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_wanted())
        return letters(await future, self._worker_id)

    async def _read_wanted(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            try:
                async with self._pool.acquire() as connection:
                    mail = await unapplied_mail(connection, list(wanted))
            except DATABASE_TROUBLE as error:
                logger.warning("Mailboxes could not be read (%s); trying again.", error)
                self._want_again(wanted)
                await asyncio.sleep(POLL_SECONDS)
                continue
            for execution_id, futures in wanted.items():
                self._deliver(futures, mail[execution_id])

    def _want_again(self, wanted: dict[str, list[asyncio.Future[list[MailRow]]]]) -> None:
        for execution_id, futures in wanted.items():
            self._wanted.setdefault(execution_id, []).extend(futures)

    @staticmethod
    def _deliver(futures: list[asyncio.Future[list[MailRow]]], found: list[MailRow]) -> None:
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
