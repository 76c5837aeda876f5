"""Finding the secrets that nodes ask for."""

import asyncio
import logging

import asyncpg

from engine.errors import InputError, KeysMissing, NodeError, SealBroken, UnknownKey
from storage.keyring import KeyRing
from storage.pool import DATABASE_TROUBLE
from storage.secrets import read_secret

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
KEPT_SECONDS = 2.0
"""How long what was read is used again; for so long a change or a deletion may go unnoticed."""


class SecretFinder:
    """Reads secrets for nodes, and forgets them after a moment."""

    def __init__(self, pool: asyncpg.Pool, keys: KeyRing) -> None:
        self._pool = pool
        self._keys = keys
        self._kept: dict[tuple[str, str], str] = {}

    async def find(self, owner_id: str, name: str) -> str:
        """The owner's secret of this name; raises `InputError` if there is none, `NodeError` if it cannot be read."""
        if (owner_id, name) in self._kept:
            return self._kept[owner_id, name]
        found = await self._read(owner_id, name)
        if found is None:
            raise InputError(f"There is no secret {name!r}; putSecret stores one.")
        self._kept[owner_id, name] = found
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._kept.pop, (owner_id, name), None)
        return found

    async def _read(self, owner_id: str, name: str) -> str | None:
        while True:
            try:
                async with self._pool.acquire() as connection:
                    return await read_secret(connection, self._keys, owner_id, name)
            except DATABASE_TROUBLE as error:
                logger.warning("The secret %r could not be looked up (%s); trying again.", name, type(error).__name__)
            except (KeysMissing, UnknownKey, SealBroken) as error:
                raise NodeError(f"The secret {name!r} cannot be read. {error.message}") from None
            await asyncio.sleep(RETRY_SECONDS)
