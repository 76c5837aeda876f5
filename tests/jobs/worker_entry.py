"""A worker with the node types of the tests, as a process that ends on SIGTERM; its log goes to standard error.

Exits with 3 if the others have given it up.
"""

import logging
import sys

from jobs.heartbeat import WorkerGivenUp
from jobs.worker import WorkerSettings, run_worker
from tests.jobs.nodes import REGISTRY
from tidegate.loop import run

GIVEN_UP = 3


def main() -> int:
    database_url, redis_url, concurrency, lease, warm_seconds = sys.argv[1:]
    settings = WorkerSettings(
        database_url, redis_url, concurrency=int(concurrency), lease=float(lease), warm_seconds=float(warm_seconds)
    )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        run(run_worker(settings, REGISTRY))
    except BaseExceptionGroup as group:
        if group.subgroup(WorkerGivenUp):
            return GIVEN_UP
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
