"""tidegate worker: one worker as a process of its own."""

from engine.errors import TidegateError
from engine.nodes import BUILT_IN
from jobs.worker import WorkerSettings, run_worker
from storage.claims import Limits
from tidegate.migrated import require_migrated
from tidegate.redis_check import warn_without_redis
from tidegate.settings import Settings


async def work(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM; raises `TidegateError` if it cannot begin, or was given up for lost."""
    worker = _worker_settings(settings)
    await require_migrated(worker.database_url)
    await warn_without_redis(worker.redis_url)
    try:
        await run_worker(worker, BUILT_IN)
    except ExceptionGroup as group:
        raise _expected(group) from None


def _worker_settings(settings: Settings) -> WorkerSettings:
    return WorkerSettings(
        database_url=settings.database,
        redis_url=settings.redis,
        concurrency=settings.worker_concurrency,
        lease=settings.lease_seconds,
        http_allow=settings.http_allow,
        limits=Limits(settings.owner_concurrency, settings.flow_concurrency),
    )


def _expected(group: ExceptionGroup[Exception]) -> Exception:
    """The one failure of the worker's parts that a person can do something about, else all of them."""
    expected = group.subgroup(TidegateError)
    while expected:
        first = expected.exceptions[0]
        if not isinstance(first, ExceptionGroup):
            return first
        expected = first
    return group
