"""The workers that are alive, by what they write about themselves."""

from datetime import datetime

from storage.claims import NO_LIMITS, Limits
from storage.pool import Connection
from storage.queries import load

QUERIES = load("workers")


async def register(
    connection: Connection,
    worker_id: str,
    *,
    host: str,
    pid: int,
    concurrency: int,
    takes_work: bool = True,
    limits: Limits = NO_LIMITS,
    lease: float = 10.0,
) -> None:
    """Enter a worker that takes up to `concurrency` running executions, or only the one that it was started for.

    Its `limits` and its `lease` (seconds) are there for others to know.
    """
    await connection.execute(QUERIES["register"], worker_id, host, pid, concurrency, takes_work, *limits, lease)


async def beat(connection: Connection, worker_id: str) -> datetime | None:
    """Count one beat; the database's time, or None if the worker was given up and must stop."""
    now: datetime | None = await connection.fetchval(QUERIES["beat"], worker_id)
    return now


async def remove(connection: Connection, worker_id: str, *, at_beat: int | None = None) -> bool:
    """Take a worker out, with `at_beat` only if it has not beaten since; whether it was there."""
    return await connection.fetchval(QUERIES["remove"], worker_id, at_beat) is not None


async def beats(connection: Connection) -> dict[str, int]:
    """The beat of every worker."""
    return {row["id"]: row["beat"] for row in await connection.fetch(QUERIES["beats"])}


async def orphans(connection: Connection) -> list[str]:
    """Workers that hold executions though they are not entered any more."""
    return [row["worker_id"] for row in await connection.fetch(QUERIES["orphaned"])]


async def seconds_since_last_beat(connection: Connection) -> float | None:
    """How long ago any worker has beaten; None if there is no worker."""
    seconds: float | None = await connection.fetchval(QUERIES["last_beat"])
    return seconds
