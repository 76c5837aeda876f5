"""Figures of the whole service for Prometheus: the same at every process of the API."""

import asyncio
import time
from collections.abc import Iterable, Mapping

import asyncpg
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.status import ExecutionStatus
from storage.figures import Figures, read_figures
from storage.pool import DATABASE_TROUBLE

KEEP_SECONDS = 5.0
LOOK_SECONDS = 3.0

GAUGES: Mapping[str, tuple[str, str]] = {
    "ready": ("tidegate_queue_ready", "Executions that are ready and that no worker has; counted up to 100000."),
    "oldest_ready_seconds": (
        "tidegate_queue_oldest_ready_seconds",
        "How long the oldest execution has been ready that no worker has.",
    ),
    "held": ("tidegate_queue_held", "Executions that workers have, running or waiting for a moment; up to 100000."),
    "oldest_command_seconds": (
        "tidegate_oldest_command_seconds",
        "How long the oldest command has been accepted that is not applied yet.",
    ),
    "overdue_timer_seconds": ("tidegate_timer_overdue_seconds", "How long the oldest timer has been due."),
    "workers": ("tidegate_workers", "Workers that are entered."),
    "slots": ("tidegate_slots", "Executions that all workers together can run at once."),
    "beat_age_seconds": ("tidegate_beat_age_seconds", "How long ago any worker has beaten."),
}
"""The metric of each figure, and its help text."""


class ServiceFigures(Collector):
    """Gives what was read last, if the database answered; each process has one."""

    def __init__(self) -> None:
        self._found: Figures | None = None
        self._read_at = -KEEP_SECONDS
        self._read_from: asyncpg.Pool | None = None
        self._turn = asyncio.Lock()

    async def refresh(self, pool: asyncpg.Pool) -> None:
        """Read the figures, unless they are a few seconds old or less; forgets them if that fails."""
        async with self._turn:
            if pool is not self._read_from or time.monotonic() - self._read_at >= KEEP_SECONDS:
                self._found = await _read(pool)
                self._read_from, self._read_at = pool, time.monotonic()

    def collect(self) -> Iterable[Metric]:
        """The figures as Prometheus wants them."""
        found = self._found
        yield GaugeMetricFamily("tidegate_database_up", "1 if the database answers, else 0.", float(found is not None))
        for field, (name, text) in GAUGES.items():
            value = getattr(found, field) if found else None
            gauge = GaugeMetricFamily(name, text)
            if value is not None:
                gauge.add_metric([], value)
            yield gauge
        yield _executions(found)


def _executions(found: Figures | None) -> Metric:
    gauge = GaugeMetricFamily(
        "tidegate_executions",
        "Executions by status; of many, an estimate from the table's statistics, as of its last analysis.",
        labels=["status"],
    )
    for status in ExecutionStatus if found else ():
        gauge.add_metric([status.lower()], found.executions.get(status, 0.0) if found else 0.0)
    return gauge


async def _read(pool: asyncpg.Pool) -> Figures | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS), pool.acquire() as connection:
            return await read_figures(connection)
    except DATABASE_TROUBLE:
        return None


SERVICE_FIGURES = ServiceFigures()
REGISTRY.register(SERVICE_FIGURES)
