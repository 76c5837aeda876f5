"""Webhooks: what somebody sends to one makes an execution of its flow."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from engine.errors import Conflict, NotFound
from engine.ids import new_id
from storage.flows import AFTER_EVERY_ID
from storage.keyring import KeyRing, Sealed
from storage.pool import Connection
from storage.queries import load

QUERIES = load("webhooks")

MOST_OF_OWNER = 1000


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook, without its key."""

    id: str
    flow_id: str
    owner_id: str
    event_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Receiver:
    """A webhook to which something has come: its key, its flow as it is now, and the time."""

    row: WebhookRow
    signing_key: bytes = field(repr=False)
    flow_name: str
    flow_version: int
    now: datetime


def context_of(webhook_id: str) -> str:
    """What the sealed signing key of a webhook is bound to."""
    return f"webhook {webhook_id}"


async def create_webhook(
    connection: Connection, keys: KeyRing, *, flow_id: str, owner_id: str, event_name: str, signing_key: bytes
) -> WebhookRow:
    """Make a webhook in the caller's transaction; its signing key is sealed where there are keys.

    Raises `NotFound` if the flow is gone, and `Conflict` if the owner has too many.
    """
    await connection.execute(QUERIES["lock_owner"], owner_id)
    if await connection.fetchval(QUERIES["count_of_owner"], owner_id) >= MOST_OF_OWNER:
        raise Conflict(f"There may be {MOST_OF_OWNER} webhooks of one owner; delete one first.")
    id = new_id("WH")
    sealed = keys.seal(signing_key, context_of(id)) if keys else None
    key_id, stored = (sealed.key_id, sealed.data) if sealed else (None, signing_key)
    record = await connection.fetchrow(QUERIES["create_webhook"], id, flow_id, owner_id, event_name, key_id, stored)
    if record is None:
        raise NotFound("There is no such flow.")
    return WebhookRow(**record)


async def webhooks_by_id(connection: Connection, ids: Iterable[str]) -> dict[str, WebhookRow]:
    """The webhooks among `ids` by id, whoever owns them."""
    return {
        record["id"]: WebhookRow(**record) for record in await connection.fetch(QUERIES["webhooks_by_id"], list(ids))
    }


async def list_webhooks(connection: Connection, *, flow_id: str, limit: int, after: str | None) -> list[WebhookRow]:
    """A flow's webhooks, newest first, from the one `after` an id on."""
    records = await connection.fetch(QUERIES["list_webhooks"], flow_id, after or AFTER_EVERY_ID, limit)
    return [WebhookRow(**record) for record in records]


async def delete_webhook(connection: Connection, webhook_id: str) -> None:
    """Take a webhook out, if it is there."""
    await connection.execute(QUERIES["delete_webhook"], webhook_id)


async def receiver(connection: Connection, keys: KeyRing, webhook_id: str) -> Receiver | None:
    """The webhook that a message is for; None if there is none that can take it.

    Raises `KeysMissing`, `UnknownKey` and `SealBroken` where its signing key cannot be read.
    """
    record = await connection.fetchrow(QUERIES["receiver"], webhook_id)
    if record is None:
        return None
    signing_key: bytes = record["signing_key"]
    if record["key_id"] is not None:
        signing_key = keys.open(Sealed(record["key_id"], signing_key), context_of(webhook_id))
    return Receiver(
        row=WebhookRow(**{name: record[name] for name in WebhookRow.__slots__}),
        signing_key=signing_key,
        flow_name=record["flow_name"],
        flow_version=record["latest_version"],
        now=record["now"],
    )
