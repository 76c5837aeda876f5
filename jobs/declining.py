"""Leaving to others what this worker cannot run: what it has declined once, its claims pass over."""

import logging

import asyncpg

from storage.capability import Kind, decline, is_left_to_nobody

logger = logging.getLogger(__name__)


class Declined:
    """What a worker has declined; the database has it too, where it goes with the worker."""

    def __init__(self, pool: asyncpg.Pool, worker_id: str) -> None:
        self._pool = pool
        self._worker_id = worker_id
        self._kinds: set[Kind] = set()

    def __bool__(self) -> bool:
        """Whether there is anything to pass over."""
        return bool(self._kinds)

    @property
    def worker_id(self) -> str:
        """Whose they are."""
        return self._worker_id

    async def add(self, kind: Kind, reason: str) -> bool:
        """Pass over this kind from now on; whether that leaves a worker for it."""
        async with self._pool.acquire() as connection:
            await decline(connection, self._worker_id, kind, reason)
            is_for_others = not await is_left_to_nobody(connection, kind)
        if kind not in self._kinds:
            self._kinds.add(kind)
            logger.warning(
                "This worker leaves version %d of the flow %s to others. %s", kind.flow_version, kind.flow_id, reason
            )
        return is_for_others
