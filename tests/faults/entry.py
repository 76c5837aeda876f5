"""An API or a worker with the node types of the tests, as a process that can be armed with faults.

Its settings come from the environment, as those of `tidegate serve` and `tidegate worker`. CLOCK_SHIFT (seconds) puts
the process's own date wrong, COMMAND_SECONDS is how long a statement may take.
"""

import gc
import os
import sys
import time

from tidegate.arming import arm_if_asked
from tidegate.loop import run
from tidegate.settings import Settings

WARM_SECONDS = 0.3
GIVEN_UP = 3


def shift_the_clock(seconds: float) -> None:
    """Let `time.time` be wrong in all that is imported from now on."""
    right = time.time
    time.time = lambda: right() + seconds


def main() -> int:
    # As in the command line, the collector is of use when the imports are done.
    gc.disable()
    shift_the_clock(float(os.environ.get("CLOCK_SHIFT", "0")))
    import storage.pool

    storage.pool.COMMAND_TIMEOUT = float(os.environ.get("COMMAND_SECONDS", storage.pool.COMMAND_TIMEOUT))
    arm_if_asked()
    what, port = sys.argv[1:]
    return serve(int(port)) if what == "api" else work(is_alone=what == "alone")


def serve(port: int) -> int:
    from resolvers.policy import Policy
    from tests.faults.node_types import REGISTRY
    from tidegate.api import api
    from tidegate.listening import listen
    from tidegate.logs import log_to_stderr
    from tidegate.stdin_watch import end_when_stdin_closes
    from tidegate.stop_signal import StopSignal

    settings = Settings.read()
    log_to_stderr("info")
    end_when_stdin_closes()

    async def serve() -> None:
        stop = StopSignal()
        with listen("127.0.0.1", port) as listener:
            async with api(settings.database, settings.redis, listener, Policy(loopback=True), REGISTRY) as serving:
                await stop.wait(serving)

    run(serve())
    return 0


def work(*, is_alone: bool) -> int:
    from jobs.alone import run_alone
    from jobs.heartbeat import WorkerGivenUp
    from jobs.ticket import Ticket
    from jobs.worker import WorkerSettings, run_worker
    from tests.faults.node_types import REGISTRY
    from tidegate.logs import log_to_stderr
    from tidegate.stdin_watch import end_when_stdin_closes

    settings = Settings.read()
    log_to_stderr("info")
    ticket = Ticket.read(sys.stdin.buffer.readline()) if is_alone else None
    worker = WorkerSettings(
        settings.database,
        settings.redis,
        concurrency=settings.worker_concurrency,
        lease=settings.lease_seconds,
        warm_seconds=WARM_SECONDS,
        isolated_command=(sys.executable, "-m", "tests.faults.entry", "alone", "0"),
    )
    end_when_stdin_closes()
    try:
        run(run_alone(worker, REGISTRY, ticket) if ticket else run_worker(worker, REGISTRY))
    except BaseExceptionGroup as group:
        if group.subgroup(WorkerGivenUp):
            return GIVEN_UP
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
