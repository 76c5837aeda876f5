"""Running suspects where they can harm nothing else: each in a process of its own, which this one watches.

The process is a worker like any other, with an id and a beat of its own, which takes the claim over. It ends with its
execution, and when this process ends or asks it to. If it dies instead, the execution is what it died of, because there
was nothing else in it; this process, which sees that, counts it and frees the execution at once.
"""

import asyncio
import logging
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

import asyncpg

from jobs.ticket import Ticket
from storage.claims import Claim, release_all
from storage.pool import DATABASE_TROUBLE
from storage.transaction import transaction
from storage.workers import remove

logger = logging.getLogger(__name__)

ISOLATED_AT_ONCE = 2
LEAVE_SECONDS = 4.0
"""How long a process may take to give its execution back; it must be over before its host gives up waiting."""

COUNT_AFTER_SECONDS = 0.3
"""Whoever kills all processes of a machine takes this one too before it has blamed an execution for that."""

RETRY_SECONDS = 0.5


class Isolation:
    """The few places of a worker for executions that run alone; `command` starts the process of one."""

    def __init__(self, pool: asyncpg.Pool, command: Sequence[str]) -> None:
        self._pool = pool
        self._command = command
        self._free = ISOLATED_AT_ONCE

    def enter(self, claim: Claim) -> "Cell | None":
        """Take a place for a claimed execution, whose `run` gives it back; None if there is none."""
        if self._free == 0:
            return None
        self._free -= 1
        return Cell(self._pool, self._command, claim, self._leave)

    def _leave(self) -> None:
        self._free += 1


class Cell:
    """One suspect and its process. `has_freed` once what the process left behind is free for others."""

    def __init__(self, pool: asyncpg.Pool, command: Sequence[str], claim: Claim, on_end: Callable[[], None]) -> None:
        self._pool = pool
        self._command = command
        self._ticket = Ticket(f"{socket.gethostname()}-alone-{uuid4().hex[:8]}", claim.execution_id, claim.token)
        self._on_end = on_end
        self._leaving = asyncio.Event()
        self.has_freed = False

    def leave(self) -> None:
        """Ask for the execution to be given back soon, because this worker goes away."""
        self._leaving.set()

    async def run(self) -> None:
        """Run the execution until its process has ended; one that cannot be started is only logged."""
        try:
            process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=DEVNULL)
        except OSError as error:
            logger.warning("%s cannot be run alone (%s).", self._ticket.execution_id, error)
        else:
            logger.info("%s runs alone as process %d.", self._ticket.execution_id, process.pid)
            await self._settle(_ending(await self._ended(process)))
        finally:
            self._on_end()

    async def _ended(self, process: Process) -> int:
        """Wait for the end, or bring it about when this worker leaves; the exit code, negative for a signal."""
        ended, leaving = asyncio.create_task(process.wait()), asyncio.create_task(self._leaving.wait())
        try:
            await self._tell(process)
            await asyncio.wait([ended, leaving], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                process.terminate()
                await asyncio.wait([ended], timeout=LEAVE_SECONDS)
        finally:
            leaving.cancel()
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            await asyncio.wait([ended])
        return ended.result()

    async def _tell(self, process: Process) -> None:
        """Hand over the claim; the pipe stays open, so that its end tells of ours."""
        assert process.stdin
        with suppress(ConnectionError):
            process.stdin.write(self._ticket.line())
            await process.stdin.drain()

    async def _settle(self, ending: str) -> None:
        """Free what the process has not given back itself, which counts unless this worker made the process end."""
        if not self._leaving.is_set():
            await asyncio.sleep(COUNT_AFTER_SECONDS)
        alone = None if self._leaving.is_set() else f"The process that ran nothing else died ({ending})."
        while not await self._is_freed(alone):
            await asyncio.sleep(RETRY_SECONDS)
        if self.has_freed:
            logger.warning("The process that ran %s alone has ended (%s).", self._ticket.execution_id, ending)

    async def _is_freed(self, alone: str | None) -> bool:
        """Take the process's worker out; False if the database or whoever holds the head does not allow it yet."""
        worker_id = self._ticket.worker_id
        try:
            async with transaction(self._pool) as connection:
                release = await release_all(connection, worker_id, lost=alone is not None, alone=alone)
                if not release.left:
                    await remove(connection, worker_id)
        except DATABASE_TROUBLE as error:
            logger.warning("The worker %s could not be taken out (%s: %s).", worker_id, type(error).__name__, error)
            return False
        self.has_freed = self.has_freed or release.freed > 0
        return not release.left


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
