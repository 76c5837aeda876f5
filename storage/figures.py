"""Figures of the whole service, read from the database."""

from collections.abc import Mapping
from dataclasses import dataclass

from storage.pool import Connection
from storage.queries import load

QUERIES = load("figures")

COUNTED = 100_000
"""Up to how many rows are counted."""

COUNTED_BYTES = 16 * 1024 * 1024
"""Up to which size of their table executions are counted; beyond it, they are estimated."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How much there is to do: counts, and ages in seconds (0: there is none; `beat_age_seconds` None: no worker)."""

    ready: int
    oldest_ready_seconds: float
    held: int
    oldest_command_seconds: float
    overdue_timer_seconds: float
    workers: int
    slots: int
    beat_age_seconds: float | None
    executions: Mapping[str, float]


async def read_figures(connection: Connection, *, counted_bytes: int = COUNTED_BYTES) -> Figures:
    """Read the figures; takes some milliseconds, however many executions there are."""
    row = await connection.fetchrow(QUERIES["figures"], COUNTED)
    assert row is not None
    by_status = await connection.fetch(QUERIES["executions_by_status"], counted_bytes)
    return Figures(**row, executions={each["status"]: each["count"] for each in by_status})
