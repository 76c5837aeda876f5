"""A worker with the node types of the tests, as a process that ends on SIGTERM; its log goes to standard error.

With `alone` as its last argument it runs the execution that standard input tells of. Exits with 3 if the others have
given it up.
"""

import gc
import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.worker import WorkerSettings

GIVEN_UP = 3
STILL_SECONDS = 60.0


def command(settings: "WorkerSettings") -> list[str]:
    """Starts this file as a worker with these settings."""
    given = [settings.database_url, settings.redis_url, settings.concurrency, settings.lease, settings.warm_seconds]
    still = settings.still_seconds or STILL_SECONDS
    return [sys.executable, "-m", "tests.jobs.worker_entry", *map(str, [*given, still])]


def alone_command(settings: "WorkerSettings") -> list[str]:
    """Starts this file for one execution."""
    return [*command(settings), "alone"]


def main() -> int:
    # As in the command line, the collector is of use when the imports are done.
    gc.disable()
    from jobs.heartbeat import WorkerGivenUp
    from jobs.worker import WorkerSettings

    database_url, redis_url, concurrency, lease, warm_seconds, still_seconds, *mode = sys.argv[1:]
    plain = WorkerSettings(
        database_url,
        redis_url,
        concurrency=int(concurrency),
        lease=float(lease),
        warm_seconds=float(warm_seconds),
        still_seconds=float(still_seconds),
    )
    settings = replace(plain, isolated_command=alone_command(plain))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        _work(settings, is_alone=mode == ["alone"])
    except BaseExceptionGroup as group:
        if group.subgroup(WorkerGivenUp):
            return GIVEN_UP
        raise
    return 0


def _work(settings: "WorkerSettings", *, is_alone: bool) -> None:
    from jobs.alone import run_alone
    from jobs.ticket import Ticket
    from jobs.worker import run_worker
    from tests.jobs.nodes import REGISTRY
    from tidegate.loop import run
    from tidegate.stdin_watch import end_when_stdin_closes

    if not is_alone:
        run(run_worker(settings, REGISTRY))
        return
    ticket = Ticket.read(sys.stdin.buffer.readline())
    end_when_stdin_closes()
    run(run_alone(settings, REGISTRY, ticket))


if __name__ == "__main__":
    sys.exit(main())
