"""The values that are too large for the log."""

from collections.abc import Iterable
from typing import Any

import orjson

from storage.pool import Connection
from storage.queries import load

QUERIES = load("payloads")


async def load_payloads(connection: Connection, root_id: str, ids: Iterable[str]) -> dict[str, Any]:
    """The values of a tree's payloads by id; unknown ids are left out."""
    texts = await load_payload_texts(connection, root_id, ids)
    return {payload_id: orjson.loads(text) for payload_id, text in texts.items()}


async def load_payload_texts(connection: Connection, root_id: str, ids: Iterable[str]) -> dict[str, str]:
    """The JSON text of a tree's payloads by id; unknown ids are left out."""
    records = await connection.fetch(QUERIES["load_payloads"], root_id, list(ids))
    return {record["id"]: record["text"] for record in records}
