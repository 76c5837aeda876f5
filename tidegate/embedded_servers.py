"""Postgres and Valkey of `tidegate dev`: started together, and again if one of them dies."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.embedded import EmbeddedPostgres, EmbeddedServerError, EmbeddedValkey
from storage.embedded.server import EmbeddedServer

LOOK_SECONDS = 0.5
RETRY_SECONDS = 2.0

logger = logging.getLogger(__name__)


@asynccontextmanager
async def embedded_servers(data_dir: Path) -> AsyncIterator[dict[str, str]]:
    """Run both from entry to exit; gives DATABASE_URL and REDIS_URL. Raises `EmbeddedServerError`."""
    async with EmbeddedPostgres(data_dir) as postgres, EmbeddedValkey(data_dir) as valkey:
        keeping = [asyncio.create_task(_keep(server), name=server.name) for server in (postgres, valkey)]
        try:
            yield {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.wait(keeping)


async def _keep(server: EmbeddedServer) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if not server.running:
            logger.warning("%s has ended; starting it again.", server.name)
            await _start_again(server)


async def _start_again(server: EmbeddedServer) -> None:
    try:
        await server.start()
    except EmbeddedServerError as error:
        logger.warning("%s", error.message)
        await asyncio.sleep(RETRY_SECONDS)
