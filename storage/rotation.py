"""Sealing again what old keys have sealed, so that those can be dropped.

It goes in small batches, each in a transaction of its own, and can be ended and begun again at any time: what is sealed
with the first key is done. Others may write meanwhile; what processes with older settings seal is found by the next
round.
"""

from dataclasses import dataclass, field

import asyncpg

from engine.errors import SealBroken, UnknownKey
from storage.keyring import KeyRing, Sealed
from storage.secrets import context_of, seal_again, sealed_otherwise
from storage.transaction import transaction

BATCH = 100


@dataclass
class Rotation:
    """How many secrets were sealed again, and of which, by owner and name, this was not possible, and why."""

    sealed: int = 0
    failures: dict[tuple[str, str], str] = field(default_factory=dict)


async def rotate(pool: asyncpg.Pool, keys: KeyRing, *, batch: int = BATCH) -> Rotation:
    """Seal everything with the first key; raises `KeysMissing`."""
    rotation, before = Rotation(), -1
    while rotation.sealed > before:
        before = rotation.sealed
        await _go_round(pool, keys, rotation, batch)
    return rotation


async def _go_round(pool: asyncpg.Pool, keys: KeyRing, rotation: Rotation, batch: int) -> None:
    after: str | None = ""
    rotation.failures.clear()
    while after is not None:
        async with transaction(pool) as connection:
            rows = await sealed_otherwise(connection, keys.sealing, after=after, limit=batch)
            again = [(row["id"], sealed) for row in rows if (sealed := _sealed_again(row, keys, rotation))]
            await seal_again(connection, again)
        rotation.sealed += len(again)
        after = rows[-1]["id"] if rows else None


def _sealed_again(row: asyncpg.Record, keys: KeyRing, rotation: Rotation) -> Sealed | None:
    context = context_of(row["owner_id"], row["name"])
    try:
        plain = keys.open(Sealed(row["key_id"], row["sealed"]), context)
    except (UnknownKey, SealBroken) as error:
        rotation.failures[row["owner_id"], row["name"]] = error.message
        return None
    return keys.seal(plain, context)
