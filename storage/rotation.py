"""Sealing again what old keys have sealed, so that those can be dropped.

It goes in small batches, each in a transaction of its own, and can be ended and begun again at any time: what is sealed
with the first key is done. Others may write meanwhile; what processes with older settings seal is found by the next
round.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import asyncpg

from engine.errors import SealBroken, UnknownKey
from storage import secrets, webhooks
from storage.keyring import KeyRing, Sealed
from storage.pool import Connection
from storage.queries import Queries
from storage.transaction import transaction

BATCH = 100


class Store(NamedTuple):
    """A table with something sealed: its queries, and what a row is bound to."""

    queries: Queries
    context: Callable[[Any], str]


STORES = (
    Store(secrets.QUERIES, lambda row: secrets.context_of(row["owner_id"], row["name"])),
    Store(webhooks.QUERIES, lambda row: webhooks.context_of(row["id"])),
)


@dataclass
class Rotation:
    """How much was sealed again, and of what, by owner and name, this was not possible, and why."""

    sealed: int = 0
    failures: dict[tuple[str, str], str] = field(default_factory=dict)


async def rotate(pool: asyncpg.Pool, keys: KeyRing, *, batch: int = BATCH) -> Rotation:
    """Seal everything with the first key; raises `KeysMissing`."""
    rotation, before = Rotation(), -1
    while rotation.sealed > before:
        before = rotation.sealed
        rotation.failures.clear()
        for store in STORES:
            await _go_round(pool, store, keys, rotation, batch)
    return rotation


async def _go_round(pool: asyncpg.Pool, store: Store, keys: KeyRing, rotation: Rotation, batch: int) -> None:
    after: str | None = ""
    while after is not None:
        async with transaction(pool) as connection:
            rows = await sealed_otherwise(connection, store, keys.sealing, after=after, limit=batch)
            again = [(row["id"], sealed) for row in rows if (sealed := _sealed_again(row, store, keys, rotation))]
            await seal_again(connection, store, again)
        rotation.sealed += len(again)
        after = rows[-1]["id"] if rows else None


async def sealed_otherwise(
    connection: Connection, store: Store, key_id: str, *, after: str, limit: int
) -> list[asyncpg.Record]:
    """The next rows by id that another key has sealed, or none, locked until the transaction ends."""
    return list(await connection.fetch(store.queries["sealed_otherwise"], key_id, after, limit))


async def seal_again(connection: Connection, store: Store, sealed: Sequence[tuple[str, Sealed]]) -> None:
    """Store what was sealed, by the id of its row."""
    ids, keys, data = [id for id, _ in sealed], [each.key_id for _, each in sealed], [each.data for _, each in sealed]
    await connection.execute(store.queries["seal_again"], ids, keys, data)


def _sealed_again(row: asyncpg.Record, store: Store, keys: KeyRing, rotation: Rotation) -> Sealed | None:
    context = store.context(row)
    if row["key_id"] is None:
        return keys.seal(row["sealed"], context)
    try:
        plain = keys.open(Sealed(row["key_id"], row["sealed"]), context)
    except (UnknownKey, SealBroken) as error:
        rotation.failures[row["owner_id"], row["name"]] = error.message
        return None
    return keys.seal(plain, context)
