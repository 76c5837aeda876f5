"""tidegate worker: one worker as a process of its own."""

import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from engine.errors import TidegateError
from jobs.alone import run_alone
from jobs.ticket import Ticket
from jobs.worker import Worker, WorkerSettings, run_until_told
from storage.claims import Limits
from tidegate.migrated import require_migrated
from tidegate.node_sources import node_types_of
from tidegate.redis_check import warn_without_redis
from tidegate.settings import Settings

ALONE = (sys.executable, "-P", "-m", "tidegate", "worker", "--alone")
"""Starts a process for one execution, which it is told of on standard input; with the settings of the environment."""


STILL_SECONDS, STILL_LEASES = 60.0, 6
"""How long the event loop of a worker process may stand still: the longer of the two. Others have its work after one
lease."""


async def work(settings: Settings, log_level: str) -> None:
    """Work until SIGINT or SIGTERM; raises `TidegateError` if it cannot begin, or was given up for lost."""
    worker = worker_settings(settings, log_level)
    await require_migrated(worker.database_url)
    await warn_without_redis(worker.redis_url)
    engine = Worker(worker, node_types_of(settings))
    async with _port(settings, engine):
        await _run(run_until_told(engine))


def _port(settings: Settings, worker: Worker) -> AbstractAsyncContextManager[None]:
    if settings.worker_port is None:
        return nullcontext()
    # Few workers have one, and its web server is a good part of what there would be to import.
    from tidegate.worker_port import worker_port

    return worker_port(settings.worker_host, settings.worker_port, worker)


async def work_alone(settings: Settings, ticket: Ticket, log_level: str) -> None:
    """Run the execution of a ticket, and nothing else; raises as `work` does."""
    await _run(run_alone(worker_settings(settings, log_level), node_types_of(settings), ticket))


def worker_settings(settings: Settings, log_level: str) -> WorkerSettings:
    """What a worker process with these settings is told; raises `MissingSetting`."""
    return WorkerSettings(
        database_url=settings.database,
        redis_url=settings.redis,
        concurrency=settings.worker_concurrency,
        lease=settings.lease_seconds,
        http_allow=settings.http_allow,
        keys=settings.secret_keys,
        limits=Limits(settings.owner_concurrency, settings.flow_concurrency),
        isolated_command=(*ALONE, "--log-level", log_level),
        node_threads=settings.node_threads,
        node_processes=settings.node_processes,
        hold_seconds=settings.node_hold_seconds,
        still_seconds=max(STILL_SECONDS, settings.lease_seconds * STILL_LEASES),
    )


async def _run(worker: Coroutine[Any, Any, None]) -> None:
    try:
        await worker
    except ExceptionGroup as group:
        raise _expected(group) from None


def _expected(group: ExceptionGroup[Exception]) -> Exception:
    """The one failure of the worker's parts that a person can do something about, else all of them."""
    expected = group.subgroup(TidegateError)
    while expected:
        first = expected.exceptions[0]
        if not isinstance(first, ExceptionGroup):
            return first
        expected = first
    return group
