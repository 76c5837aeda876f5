"""The API process under test: what it says, what it holds, and whether it answers."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.eventually import eventually
from tests.fuzz.entry import TASKS
from tests.ports import free_port
from tests.tidegate.processes import ROOT, environment

READY_SECONDS = 60.0
END_SECONDS = 30.0
PROBE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds: bytes of memory, asyncio's tasks, and sockets."""

    memory: int
    tasks: int
    sockets: int


class Target:
    """One API process on a port of this machine."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self._process = process
        self._seen = psutil.Process(process.pid)
        self.port = port
        self._log = log

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    @property
    def log(self) -> str:
        """All that it has logged."""
        return self._log.read_text(errors="backslashreplace")

    def cpu_seconds(self) -> float:
        """How long it has computed."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    async def held(self) -> Held:
        """What it holds now."""
        before = self.log.count(TASKS)
        self._process.send_signal(signal.SIGUSR1)
        await eventually(lambda: self.log.count(TASKS) > before and self.log.endswith("\n"))
        tasks = int(self.log.rpartition(TASKS)[2].splitlines()[0])
        return Held(self._seen.memory_info().rss, tasks, len(self._seen.net_connections("tcp")))

    async def ask(self, http: httpx.AsyncClient, query: str, **variables: Any) -> Any:
        """The data of an operation that must succeed."""
        response = await http.post(self.url, json={"query": query, "variables": variables})
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]


@asynccontextmanager
async def target(database_url: str, redis_url: str, log: Path) -> AsyncIterator[Target]:
    """Run one API process until the block ends."""
    port = free_port()
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.fuzz.entry", str(port)),
            stderr=output,
            cwd=ROOT,
            env=environment(DATABASE_URL=database_url, REDIS_URL=redis_url),
        )
    started = Target(process, port, log)
    try:
        async with httpx.AsyncClient() as http:
            await eventually(lambda: _is_ready(started, http), within=READY_SECONDS)
        yield started
    finally:
        if started.is_running:
            process.terminate()
        await asyncio.wait_for(process.wait(), END_SECONDS)


async def _is_ready(started: Target, http: httpx.AsyncClient) -> bool:
    assert started.is_running, started.log
    try:
        return (await http.get(started.url.replace("/graphql", "/readyz"))).status_code == 200
    except httpx.TransportError:
        return False


class Probe:
    """Asks for next to nothing again and again on a connection of its own; `slowest` is in seconds."""

    def __init__(self, asked: Target) -> None:
        self._asked = asked
        self.times: list[float] = []
        self.failures: list[str] = []

    @property
    def slowest(self) -> float:
        return max(self.times, default=0.0)

    async def run(self) -> None:
        """Ask until cancelled."""
        async with httpx.AsyncClient(timeout=END_SECONDS) as http:
            while True:
                began = time.monotonic()
                await self._ask(http)
                self.times.append(time.monotonic() - began)
                await asyncio.sleep(PROBE_SECONDS)

    async def _ask(self, http: httpx.AsyncClient) -> None:
        try:
            found = await self._asked.ask(http, "{ viewer { id } }")
            assert found == {"viewer": {"id": "local"}}, found
        except (httpx.TransportError, json.JSONDecodeError, AssertionError) as error:
            self.failures.append(f"the probe failed: {error!r}")
