"""Where executions and commands came from, so that a worker hours later goes on with the same trace."""

from collections.abc import Mapping, Sequence

from storage.pool import Connection
from storage.queries import load

QUERIES = load("traces")

CREATION = 0
"""What stands in place of a command's number for the execution itself."""


async def remember(
    connection: Connection, execution_ids: Sequence[str], root_id: str, seq: int, traceparent: str
) -> None:
    """Keep where executions of a tree (`CREATION`), or commands to them, came from."""
    await connection.execute(QUERIES["remember"], list(execution_ids), root_id, seq, traceparent)


async def origin(connection: Connection, execution_id: str, root_id: str) -> str | None:
    """Where an execution came from, or else its tree; None if whoever made it did not trace."""
    found: str | None = await connection.fetchval(QUERIES["origin"], execution_id, root_id)
    return found


async def origins_of_commands(connection: Connection, execution_id: str, seqs: Sequence[int]) -> Mapping[int, str]:
    """Where commands came from, by their numbers."""
    rows = await connection.fetch(QUERIES["origins_of_commands"], execution_id, list(seqs))
    return {row["seq"]: row["traceparent"] for row in rows}
