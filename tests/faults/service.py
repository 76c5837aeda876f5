"""The processes of the service under test: each is one API or one worker that a scenario may harm."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.eventually import eventually
from tests.jobs.workers import READY, REPOSITORY

READY_SECONDS = 90.0
END_SECONDS = 20.0

Environment = Mapping[str, str]


class ServiceProcess:
    """A process of `tests.faults.entry`; `log` is what it has logged, `faults` where it notes what it did to itself."""

    def __init__(self, name: str, folder: Path, environment: Environment) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        self._faults = folder / f"{name}.faults"
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    async def _spawn(self, what: str, port: int = 0) -> None:
        environment = {name: text for name, text in os.environ.items() if not name.startswith("TIDEGATE_")}
        environment |= {"PYTHONPATH": str(REPOSITORY), "TIDEGATE_FAULT_LOG": str(self._faults), **self._environment}
        with self._log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.entry", what, str(port)),
                # It ends when we do, however we end.
                stdin=asyncio.subprocess.PIPE,
                stderr=output,
                cwd=REPOSITORY,
                env=environment,
            )

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def log(self) -> str:
        """All that it has logged so far."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def firings(self) -> list[str]:
        """A line for each fault that has fired in it."""
        return self._faults.read_text().splitlines() if self._faults.exists() else []

    @property
    def is_running(self) -> bool:
        """Whether it has not ended; a frozen one has not."""
        return self._process is not None and self._process.returncode is None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self.is_running:
            assert self._process
            self._process.send_signal(number)

    async def exit_code(self, within: float = END_SECONDS) -> int:
        """Wait for its end; raises TimeoutError if there is none in so many seconds."""
        assert self._process
        async with asyncio.timeout(within):
            return await self._process.wait()

    async def end(self) -> None:
        """End it in order, and by force if that takes too long."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            await self.exit_code()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.exit_code()


class WorkerProcess(ServiceProcess):
    """A worker."""

    @property
    def id(self) -> str:
        """Its id, once it is ready, else an empty text."""
        found = READY.search(self.log)
        return found.group(1) if found else ""

    async def start(self) -> None:
        """Return when it is ready; raises AssertionError if it does not get so."""
        await self._spawn("worker")
        await eventually(lambda: self.id or not self.is_running, within=READY_SECONDS)
        assert self.id, self.log


class ApiProcess(ServiceProcess):
    """An API on a port of its own."""

    def __init__(self, name: str, folder: Path, environment: Environment, port: int) -> None:
        super().__init__(name, folder, environment)
        self._port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/graphql"

    async def start(self) -> None:
        """Return when it is ready; raises AssertionError if it does not get so."""
        await self._spawn("api", self._port)
        async with httpx.AsyncClient() as http:

            async def is_ready() -> bool:
                assert self.is_running, self.log
                try:
                    answer = await http.get(self.url.replace("/graphql", "/readyz"))
                except httpx.TransportError:
                    return False
                return answer.status_code == 200

            await eventually(is_ready, within=READY_SECONDS)
