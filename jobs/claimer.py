"""Taking up work: a worker looks when the bell rings, when a place becomes free, and when it is told to."""

import asyncio
import logging
import time
from contextlib import suppress
from uuid import UUID, uuid4

from jobs.dispatch import Doorbell
from jobs.metrics import CLAIM_SECONDS, READY_SECONDS
from jobs.slots import NoPlace, Place, Slots
from jobs.workflow import Workflow, Workshop
from storage.capability import is_anything_left_to_others
from storage.claims import (
    Claim,
    Limits,
    claim,
    claim_but_declined,
    claim_errands,
    claim_within,
    is_anything_waiting,
    next_within,
    release_all,
    take_over,
)
from storage.pool import DATABASE_TROUBLE, Connection
from storage.transaction import transaction

logger = logging.getLogger(__name__)

CLAIM_AT_ONCE = 64
WARM_LIMIT = 500
RING_AGAIN_SECONDS = 0.1
RETRY_SECONDS = 0.5
STRAYS_SECONDS = 5.0


class Claimer:
    """Claims what is ready, as far as there are places, and runs each claim as a task of its own.

    An execution that waits gives up its place but stays with the worker for a short while (`warm_seconds`), so that its
    start finds it ready; with more than `WARM_LIMIT` of those, new ones are let go at once. What cannot have a place
    any more is handed on to whoever has one.

    Where limits are set, an execution that waits would keep others of its owner or flow from running, so none is kept
    warm; and each that is let go of may be what another one has waited for, here or at any worker.
    """

    def __init__(
        self, shop: Workshop, concurrency: int, doorbell: Doorbell, *, warm_seconds: float, limits: Limits
    ) -> None:
        self._shop = shop
        self._doorbell = doorbell
        self._limits = limits
        self._warm_seconds = 0.0 if limits.are_set else warm_seconds
        self._wanted = asyncio.Event()
        self._more_may_wait = False
        self._strays_at = 0.0
        self._last_owner = ""
        self._workflows: dict[asyncio.Task[None], Workflow] = {}
        self.slots = Slots(concurrency, self._place_freed)

    @property
    def held(self) -> int:
        """How many executions this worker holds, running or warm."""
        return len(self._workflows)

    def look(self) -> None:
        """Look for work soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Look whenever asked, for ever."""
        while True:
            is_asked = await self._is_asked()
            try:
                await (self._take_all() if is_asked else self._free_strays())
            except DATABASE_TROUBLE as error:
                logger.warning("Looking for work failed (%s: %s); looking again.", type(error).__name__, error)
                await asyncio.sleep(RETRY_SECONDS)
                self._wanted.set()

    async def _is_asked(self) -> bool:
        """Wait to be asked; False if strays are to be looked for first, every `STRAYS_SECONDS`."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._strays_at):
                await self._wanted.wait()
        if loop.time() >= self._strays_at:
            self._strays_at = loop.time() + STRAYS_SECONDS
            return False
        self._wanted.clear()
        return True

    async def _free_strays(self) -> None:
        """Give back what the database says is this worker's and nobody here runs.

        That comes of a claim whose answer was lost, or of a run that could not even let go. It is asked in turn with
        claiming, so that no claim is on its way meanwhile.
        """
        held = [workflow.execution_id for workflow in self._workflows.values()]
        async with self._shop.pool.acquire() as connection:
            release = await release_all(connection, self._shop.worker_id, lost=False, keep=held)
        if release.freed:
            logger.warning("%d executions were claimed here, but not run; they are free again.", release.freed)
            self._wanted.set()
            self._doorbell.ring()

    async def give_back(self, seconds: float) -> None:
        """Let go of everything in order, within so many seconds."""
        for workflow in self._workflows.values():
            workflow.leave()
        if self._workflows:
            await asyncio.wait(list(self._workflows), timeout=seconds)
        for task in list(self._workflows):
            task.cancel()
        if self._workflows:
            await asyncio.wait(list(self._workflows))

    async def take_over(self, execution_id: str, token: UUID) -> asyncio.Task[None] | None:
        """Run an execution that another worker has claimed; None if its claim is not valid any more."""
        asked = time.monotonic()
        async with transaction(self._shop.pool) as connection:
            claimed = await take_over(connection, self._shop.worker_id, execution_id, token)
        if claimed is None:
            return None
        self._shop.clock.set(claimed.now, asked=asked)
        return self._begin(claimed)

    def _place_freed(self) -> None:
        if self._more_may_wait:
            self._wanted.set()

    async def _take_all(self) -> None:
        while self.slots.free:
            asked = min(self.slots.free, CLAIM_AT_ONCE)
            claims = await self._claim(asked)
            for claimed in claims:
                self._begin(claimed)
            self._more_may_wait = len(claims) == asked
            if not claims:
                break
        # With places left, all that is told something has been claimed, unless a limit holds it back or it is declined.
        if not self.slots.free or self._limits.are_set or self._shop.declined:
            await self._run_errands()
        if not self.slots.free or self._shop.declined:
            await self._pass_on()

    async def _run_errands(self) -> None:
        """Have recorded what executions were told that cannot be run now: a stop must not wait for a place."""
        is_more = True
        while is_more:
            async with self._shop.pool.acquire() as connection:
                claims = await claim_errands(connection, self._shop.worker_id, CLAIM_AT_ONCE)
            for claimed in claims:
                self._run(Workflow(self._shop, claimed, NoPlace(), warm_seconds=0.0))
            is_more = len(claims) == CLAIM_AT_ONCE

    async def _claim(self, limit: int) -> list[Claim]:
        asked = time.monotonic()
        with CLAIM_SECONDS.time():
            claims = await self._claim_fairly(limit)
        for each in claims:
            READY_SECONDS.observe(each.ready_seconds or 0.0)
        if claims:
            self._last_owner = claims[-1].owner_id
            self._shop.clock.set(claims[-1].now, asked=asked)
        return claims

    async def _claim_fairly(self, limit: int) -> list[Claim]:
        worker_id, last = self._shop.worker_id, self._last_owner
        if self._limits.are_set:
            async with transaction(self._shop.pool) as connection:
                return await claim_within(connection, self._limits, worker_id, limit, after_owner=last)
        own_claim = claim_but_declined if self._shop.declined else claim
        async with self._shop.pool.acquire() as connection:
            return await own_claim(connection, worker_id, limit, after_owner=last)

    async def _pass_on(self) -> None:
        """Let another worker look, if there is something left that it may take and this one cannot."""
        self._more_may_wait = self._more_may_wait or not self.slots.free
        async with self._shop.pool.acquire() as connection:
            if await self._is_anything_left(connection):
                self._doorbell.ring_later(RING_AGAIN_SECONDS)

    async def _is_anything_left(self, connection: Connection) -> bool:
        worker_id, declined = self._shop.worker_id, self._shop.declined
        if declined and await is_anything_left_to_others(connection, worker_id):
            return True
        if self.slots.free:
            return False
        if declined or self._limits.are_set:
            return await next_within(connection, self._limits, worker_id) is not None
        return await is_anything_waiting(connection)

    def _begin(self, claimed: Claim) -> asyncio.Task[None]:
        place = Place(self.slots)
        warm_seconds = self._warm_seconds if self.held < WARM_LIMIT else 0.0
        workflow = Workflow(self._shop, claimed, place, warm_seconds=warm_seconds)
        # One that was warm may have taken the place while the claim was on its way.
        return self._run(workflow, hand_on=not place.take())

    def _run(self, workflow: Workflow, *, hand_on: bool = False) -> asyncio.Task[None]:
        work = workflow.hand_on() if hand_on else workflow.run()
        task = asyncio.create_task(work, name=f"{workflow.execution_id}-{uuid4().hex[:4]}")
        self._workflows[task] = workflow
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        was_handed_on = self._workflows.pop(task).was_handed_on
        if was_handed_on:
            self._more_may_wait = True
        if self._limits.are_set:
            self._wanted.set()
        if was_handed_on or self._limits.are_set:
            self._doorbell.ring()
