"""Finding the flows that nodes call."""

import asyncio
import logging
from datetime import datetime

import asyncpg

from engine.errors import InputError
from engine.reach import FoundFlow
from engine.spawns import CalledFlow
from storage.flows import version_at
from storage.pool import DATABASE_TROUBLE
from storage.versions import Versions

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5


class FlowFinder:
    """Finds a flow as it was when the calling execution was created, however long ago that is."""

    def __init__(self, pool: asyncpg.Pool, versions: Versions) -> None:
        self._pool = pool
        self._versions = versions

    async def find(self, owner_id: str, created_at: datetime, flow_id: str) -> FoundFlow:
        """The owner's flow in its newest version at that time, or its first; raises `InputError` if there is none."""
        while True:
            try:
                return await self._find(owner_id, created_at, flow_id)
            except DATABASE_TROUBLE as error:
                logger.warning("The flow %s could not be looked up (%s); trying again.", flow_id, error)
            await asyncio.sleep(RETRY_SECONDS)

    async def _find(self, owner_id: str, created_at: datetime, flow_id: str) -> FoundFlow:
        async with self._pool.acquire() as connection:
            row = await version_at(connection, owner_id, flow_id, created_at)
        if row is None:
            raise InputError(f"Input 'flowId': there is no flow {flow_id[:100]!r}.")
        version = await self._versions.get(row.flow_id, row.version)
        return FoundFlow(CalledFlow(row.flow_id, row.version, row.name), version.document)
