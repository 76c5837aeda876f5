"""Workers for tests: in this process, where their parts can be seen, or as processes that can be killed."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.registry import Registry
from jobs.worker import EXIT_SECONDS, Parts, Worker, WorkerSettings
from tests.eventually import PATIENCE, eventually
from tests.jobs.nodes import REGISTRY
from tests.jobs.worker_entry import command

READY = re.compile(r"Worker (\S+) is ready")
STARTS_WITHIN = STOPS_WITHIN = 60.0
OUT_SECONDS = 2 * EXIT_SECONDS
"""A process ends by itself after half of that, whatever its nodes are at; the rest is for a machine that is busy."""

REPOSITORY = Path(__file__).parents[2]


class SeenWorker(Worker):
    """A worker that shows its parts while it works."""

    def __init__(self, settings: WorkerSettings, registry: Registry) -> None:
        super().__init__(settings, registry)
        self.ready = asyncio.Event()
        self.shown: Parts | None = None

    @asynccontextmanager
    async def parts(self) -> AsyncIterator[Parts]:
        async with super().parts() as parts:
            self.shown = parts
            self.ready.set()
            yield parts


class LocalWorker:
    """A worker in this process, from `start` to `stop`."""

    def __init__(self, settings: WorkerSettings, registry: Registry = REGISTRY) -> None:
        self._worker = SeenWorker(settings, registry)
        self.id = self._worker.id
        self.task: asyncio.Task[None] | None = None

    @property
    def parts(self) -> Parts:
        """What the worker is made of."""
        assert self._worker.shown
        return self._worker.shown

    async def start(self) -> None:
        """Begin; returns when the worker is entered, and raises what kept it from that."""
        self.task = asyncio.create_task(self._worker.run())
        ready = asyncio.create_task(self._worker.ready.wait())
        await asyncio.wait([self.task, ready], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self.task.done():
            self.task.result()

    async def look(self, times: int) -> None:
        """Have the worker look for work so many times, each until it holds nothing any more."""
        claimer = self.parts.claimer
        for _ in range(times):
            claimer.look()
            await eventually(lambda: not claimer._wanted.is_set() and not claimer.held)

    async def stop(self) -> None:
        """End in order, as on SIGTERM; raises what ended the worker before."""
        assert self.task
        self.task.cancel()
        await asyncio.wait([self.task], timeout=STOPS_WITHIN)
        assert self.task.done(), f"worker {self.id} does not stop"
        if not self.task.cancelled():
            self.task.result()


class WorkerProcess:
    """A worker in a process of its own; `log` is what it has logged."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self.pid = process.pid

    @property
    def log(self) -> str:
        """All that it has logged so far."""
        return self._log.read_text()

    @property
    def id(self) -> str:
        """Its id, once it is ready, else an empty text."""
        found = READY.search(self.log)
        return found.group(1) if found else ""

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def freeze(self) -> None:
        """SIGSTOP."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    async def exit_code(self, within: float = PATIENCE) -> int:
        """Wait for the end; fails the test if there is none in so many seconds."""
        async with asyncio.timeout(within):
            return await self._process.wait()

    async def end(self) -> None:
        """Kill it if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


async def start_process(settings: WorkerSettings, log: Path) -> WorkerProcess:
    """Run a worker as a process and wait until it is ready."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command(settings),
            stderr=output,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
    worker = WorkerProcess(process, log)
    await eventually(lambda: worker.id or process.returncode is not None, within=STARTS_WITHIN)
    assert process.returncode is None, worker.log
    return worker
