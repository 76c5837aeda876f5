"""`tidegate serve`, which besides says at each SIGUSR1 how many tasks it has: `python -m tests.fuzz.entry PORT`."""

import asyncio
import gc
import signal
import sys

from tidegate.cli import main

TASKS = "tasks:"


def _say_tasks(*_: object) -> None:
    tasks = [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done()]
    print(TASKS, len(tasks), file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _say_tasks)
    sys.exit(main(["serve", "--port", sys.argv[1]]))
