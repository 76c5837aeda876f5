"""Waking relatives: what an execution tells its parent or its children is of no use before somebody looks.

What is told goes into the receiver's inbox without a lock on the receiver. So each side looks after its own commit, in
a new snapshot: who tells wakes the receiver, and who lets go of an execution looks once more whether it was told
something meanwhile. Whichever commit came last, that side sees both.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

import asyncpg

from storage.append import Member
from storage.inbox import Woken, wake, wake_family
from storage.notify import Notifier
from storage.pool import DATABASE_TROUBLE

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.2


class Family:
    """Wakes whoever has to look after a commit; wakes that are asked for while one is under way are one.

    `on_ready` is called when something is ready to be claimed.
    """

    def __init__(self, pool: asyncpg.Pool, notifier: Notifier) -> None:
        self._pool = pool
        self._notifier = notifier
        self._on_ready: Callable[[], None] = lambda: None
        self._released: set[str] = set()
        self._telling: set[str] = set()
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, on_ready: Callable[[], None]) -> None:
        """Begin to wake."""
        self._on_ready = on_ready
        self._task = asyncio.create_task(self._wake_for_ever())

    async def stop(self) -> None:
        """Wake a last time, if somebody is to be woken, and stop."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._released or self._telling:
            await self._wake_or_log()

    def committed(self, member: Member) -> None:
        """Take note of an append that is in the log."""
        if member.children:
            self._on_ready()
        if member.report is not None or member.order is not None:
            self._telling.add(member.execution_id)
        if _may_have_missed_something(member):
            self._released.add(member.execution_id)
        if self._telling or self._released:
            self._bell.set()

    def wake(self, execution_ids: Sequence[str]) -> None:
        """Have executions looked at that were told something, where nobody else has seen to it."""
        self._released.update(execution_ids)
        if execution_ids:
            self._bell.set()

    async def _wake_for_ever(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            if not await self._wake_or_log():
                await asyncio.sleep(RETRY_SECONDS)

    async def _wake_or_log(self) -> bool:
        """Wake whoever is to be woken; False, with the wish still there, if it did not work."""
        released, self._released = self._released, set()
        telling, self._telling = self._telling, set()
        try:
            await self._wake(list(released), list(telling))
        except BaseException as error:
            self._released |= released
            self._telling |= telling
            self._bell.set()
            if not isinstance(error, DATABASE_TROUBLE):
                raise
            logger.warning("Relatives could not be woken (%s: %s).", type(error).__name__, error)
            return False
        return True

    async def _wake(self, released: Sequence[str], telling: Sequence[str]) -> None:
        async with self._pool.acquire() as connection:
            if telling:
                self._tell(await wake_family(connection, telling))
            if released:
                self._tell(await wake(connection, released))

    def _tell(self, woken: Woken) -> None:
        if woken.queued:
            self._on_ready()
        for execution_id in woken.others:
            self._notifier.notify(execution_id, 0)


def _may_have_missed_something(member: Member) -> bool:
    """Whether an append has let go of an execution that others may have told something meanwhile.

    What is set aside, because it cannot be run here and now, is not meant: it has not looked into its mailbox either,
    and would come back at once, again and again.
    """
    is_set_aside = member.seen is None and not member.requeue
    return member.release and member.projection.completed_at is None and not is_set_aside
