"""The worker that runs one execution, which took down the processes of others, and ends with it."""

import asyncio
import logging
from dataclasses import replace

from engine.registry import Registry
from jobs.stillness import die_if_still
from jobs.ticket import Ticket
from jobs.worker import Parts, Worker, WorkerSettings, run_until_told

logger = logging.getLogger(__name__)

STILL_PER_LEASE = 0.6
"""After which part of the lease a loop that stands still ends the process: early enough for the host to count that
before the others give this worker up."""


class LoneWorker(Worker):
    """Takes over the claim of a ticket, and ends when it holds the execution no more."""

    takes_work = False

    def __init__(self, settings: WorkerSettings, registry: Registry, ticket: Ticket) -> None:
        alone = replace(settings, concurrency=1, warm_seconds=0.0, isolated_command=())
        super().__init__(alone, registry, worker_id=ticket.worker_id)
        self._still_seconds = settings.lease * STILL_PER_LEASE
        self._ticket = ticket

    async def run(self) -> None:
        """Run the execution to its end or release; raises `WorkerGivenUp` if the others have given this worker up."""
        async with self.parts() as parts, asyncio.TaskGroup() as tasks:
            company = [tasks.create_task(parts.heartbeat.run()), tasks.create_task(die_if_still(self._still_seconds))]
            try:
                await self._run_one(parts)
            finally:
                for task in company:
                    task.cancel()

    async def _run_one(self, parts: Parts) -> None:
        task = await parts.claimer.take_over(self._ticket.execution_id, self._ticket.token)
        if task is None:
            logger.info("%s belongs to another worker now.", self._ticket.execution_id)
        else:
            await asyncio.wait([task])


async def run_alone(settings: WorkerSettings, registry: Registry, ticket: Ticket) -> None:
    """Run the execution of a ticket; as `run_worker` otherwise."""
    await run_until_told(LoneWorker(settings, registry, ticket))
