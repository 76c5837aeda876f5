"""The values that are too large for the log."""

from collections.abc import Iterable
from typing import Any

import orjson

from storage.pool import Connection
from storage.queries import load

QUERIES = load("payloads")


async def load_payloads(connection: Connection, root_id: str, ids: Iterable[str]) -> dict[str, Any]:
    """The values of a tree's payloads by id; unknown ids are left out."""
    records = await connection.fetch(QUERIES["load_payloads"], root_id, list(ids))
    return {record["id"]: orjson.loads(record["text"]) for record in records}
