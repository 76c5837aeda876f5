"""The secrets of owners: written, listed by name, and read by the workers that need them."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from engine.errors import NotFound
from engine.ids import new_secret_id
from storage.access import Reader
from storage.keyring import KeyRing, Sealed
from storage.pool import Connection
from storage.queries import load

QUERIES = load("secrets")


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret as its owner sees it again: without what it says. `key_id` names the key that it is sealed with."""

    id: str
    owner_id: str
    name: str
    key_id: str
    updated_at: datetime


def context_of(owner_id: str, name: str) -> str:
    """What the sealed text of a secret is bound to."""
    return orjson.dumps(["secret", owner_id, name]).decode()


async def put_secret(connection: Connection, keys: KeyRing, *, owner_id: str, name: str, value: str) -> SecretRow:
    """Store a secret, in place of what the owner had under the name; raises `KeysMissing`."""
    sealed = keys.seal(value.encode(), context_of(owner_id, name))
    row = (new_secret_id(), owner_id, name, sealed.key_id, sealed.data)
    [record] = await connection.fetch(QUERIES["put_secret"], *row)
    return SecretRow(**record)


async def delete_secret(connection: Connection, owner_id: str, name: str) -> str:
    """Forget a secret, and give its id; raises `NotFound`."""
    id = await connection.fetchval(QUERIES["delete_secret"], owner_id, name)
    if id is None:
        raise NotFound("There is no such secret.")
    return str(id)


async def list_secrets(connection: Connection, owner_id: str, *, limit: int, after: str | None) -> list[SecretRow]:
    """The secrets of an owner by name, from the one `after` a name on."""
    records = await connection.fetch(QUERIES["list_secrets"], owner_id, after or "", limit)
    return [SecretRow(**record) for record in records]


async def secret_by_id(connection: Connection, id: str, reader: Reader) -> SecretRow:
    """A secret that the reader may see; raises `NotFound`."""
    record = await connection.fetchrow(QUERIES["secret_by_id"], id, reader.user_id, reader.sees_all)
    if record is None:
        raise NotFound("There is no such secret.")
    return SecretRow(**record)


async def read_secret(connection: Connection, keys: KeyRing, owner_id: str, name: str) -> str | None:
    """What a secret says; None if there is none. Raises `KeysMissing`, `UnknownKey` and `SealBroken`."""
    keys.require()
    record = await connection.fetchrow(QUERIES["sealed_secret"], owner_id, name)
    if record is None:
        return None
    return keys.open(Sealed(record["key_id"], record["sealed"]), context_of(owner_id, name)).decode()
