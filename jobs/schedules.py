"""Firing schedules: every worker sees to those that are due, and each due time is seen to once."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import asyncpg

from engine.catch_up import Turn, turn
from engine.cron import Cron
from engine.errors import BadUserInput, TidegateError
from engine.ids import new_execution_id
from engine.interface import checked_inputs
from engine.labels import Label
from engine.moments import iso_text
from engine.options import ExecutionOptions
from storage.executions import NewExecution
from storage.pool import DATABASE_TROUBLE, OUTAGE
from storage.schedules import DueSchedule, due_schedules, fire, note_trouble, seconds_to_next
from storage.transaction import transaction
from storage.versions import Versions

logger = logging.getLogger(__name__)

AT_ONCE = 100
LONGEST_NAP = 5.0
SHORTEST_NAP = 0.02
BUSY_NAP = 0.5
"""Seconds until a look at what another worker was at."""

ASIDE_SECONDS = 60.0
"""How long a schedule whose turn cannot even be recorded as failed is left alone."""

LABEL = "schedule"
"""The label of the executions that a schedule makes; its value is the schedule's id."""


class Schedules:
    """Fires what is due; `announce` is told of each new execution and its last index, `on_ready` called after that."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        versions: Versions,
        announce: Callable[[str, int], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._versions = versions
        self._announce = announce
        self._on_ready = on_ready
        self._wanted = asyncio.Event()
        self._aside: dict[str, float] = {}

    def look(self, _index: int | None = None) -> None:
        """Look now: a schedule was made or changed."""
        self._wanted.set()

    async def run(self) -> None:
        """Fire for ever."""
        while True:
            self._wanted.clear()
            try:
                nap = await self._turn()
            except DATABASE_TROUBLE as error:
                logger.warning("Schedules could not be read (%s: %s).", type(error).__name__, error)
                nap = LONGEST_NAP
            # Before Python 3.12, `wait_for` forgets a cancellation that comes together with what it waits for.
            with suppress(TimeoutError):
                async with asyncio.timeout(nap):
                    await self._wanted.wait()

    async def _turn(self) -> float:
        """See to what is due; gives the seconds until there may be more."""
        aside = self._set_aside()
        async with self._pool.acquire() as connection:
            found = await due_schedules(connection, AT_ONCE, aside)
        taken = [await self._see_to(due) for due in found]
        if found:
            return SHORTEST_NAP if any(taken) else BUSY_NAP
        async with self._pool.acquire() as connection:
            seconds = await seconds_to_next(connection, self._set_aside())
        return min(max(seconds, SHORTEST_NAP), LONGEST_NAP) if seconds is not None else LONGEST_NAP

    def _set_aside(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        self._aside = {schedule_id: until for schedule_id, until in self._aside.items() if until > now}
        return list(self._aside)

    async def _see_to(self, due: DueSchedule) -> bool:
        """Take a schedule's turn, unless somebody else does; says whether there may be more to do."""
        try:
            return await self._fire(due)
        except OUTAGE:
            raise
        # Whatever is wrong with one schedule, the others must not wait for it.
        except Exception:
            logger.exception("The schedule %s could not be seen to; it is left alone for a while.", due.row.id)
            self._aside[due.row.id] = asyncio.get_running_loop().time() + ASIDE_SECONDS
            async with self._pool.acquire() as connection:
                await note_trouble(connection, due.row.id, "An internal error keeps it from firing; the log has it.")
            return True

    async def _fire(self, due: DueSchedule) -> bool:
        row = due.row
        cron = Cron.read(row.cron, row.time_zone)
        taken = turn(cron, row.catch_up, due=due.due, now=due.now, caught_up=row.caught_up)
        try:
            return await self._commit(due, taken, await self._execution(due, taken))
        except TidegateError as error:
            logger.warning("The schedule %s cannot fire: %s", row.id, error.message)
            return await self._commit(due, taken, None, error.message)

    async def _commit(self, due: DueSchedule, taken: Turn, new: NewExecution | None, error: str | None = None) -> bool:
        async with transaction(self._pool) as connection:
            done = await fire(connection, due, taken, new, error)
        if done and done.execution:
            self._announce(done.execution.id, done.execution.last_index)
            self._on_ready()
        return done is not None

    async def _execution(self, due: DueSchedule, taken: Turn) -> NewExecution | None:
        """The execution of this turn, if it has one; raises `BadUserInput` for inputs that the flow does not take."""
        if taken.fires_for is None:
            return None
        if not due.may_run:
            raise BadUserInput("The owner of the schedule may not run the flow any more.")
        version = await self._versions.get(due.row.flow_id, due.flow_version)
        inputs = checked_inputs(version.document, due.row.inputs, "inputs")
        due_at = iso_text(taken.fires_for)
        key = f"{due.row.id}@{due_at}"
        return NewExecution(
            id=new_execution_id(),
            flow_id=due.row.flow_id,
            flow_version=due.flow_version,
            flow_name=due.flow_name,
            owner_id=due.row.owner_id,
            inputs=inputs,
            port_values=[],
            options=ExecutionOptions(),
            integration={"schedule": {"id": due.row.id, "dueAt": due_at}},
            external_events=[],
            priority=0,
            idempotency_key=key,
            request_digest=key,
            labels=[Label(LABEL, due.row.id)],
            starts=True,
        )
