"""A worker beside this process, started again when it dies and gone when this process is."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

COMMAND = (sys.executable, "-P", "-m", "tidegate", "worker", "--until-stdin-closes", "--log-level", "warning")
GRACE_SECONDS = 5.0
FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0
HEALTHY_SECONDS = 30.0
"""A worker that ran for so long did not die of how it was started."""

logger = logging.getLogger(__name__)


@asynccontextmanager
async def worker_process(variables: Mapping[str, str]) -> AsyncIterator[None]:
    """Keep a worker running from entry to exit; `variables` are put into its environment."""
    keeper = _Keeper({**os.environ, **variables})
    await keeper.start()
    keeping = asyncio.create_task(keeper.keep(), name="worker keeper")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await keeper.stop()


class _Keeper:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: Process | None = None

    async def start(self) -> None:
        # Its own session, so that a terminal's Ctrl-C reaches it through us, in order.
        self._process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=PIPE, env=self._environment, start_new_session=True
        )

    async def keep(self) -> None:
        clock, delay = asyncio.get_running_loop().time, FIRST_DELAY
        while self._process:
            began = clock()
            code = await self._process.wait()
            if clock() - began > HEALTHY_SECONDS:
                delay = FIRST_DELAY
            logger.warning("The worker ended (%s); starting it again in %.1f s.", _ending(code), delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
            await self.start()

    async def stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
