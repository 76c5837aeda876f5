"""A `tidegate serve` beside a running service, which can be killed and started again at the same address."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.api.callers import SECRET
from tests.tidegate.processes import COMMAND, ROOT, Dev, environment
from tests.web.browser import soon


class Serve:
    """An API that wants tokens, over the database of a running service."""

    def __init__(self, service: Dev, log: Path, port: int, **variables: str) -> None:
        urls = dict(line.split("=", 1) for line in (service.data_dir / "env").read_text().split())
        self._environment = environment(**urls, TIDEGATE_JWT_SECRET=SECRET, **variables)
        self._log = log
        self._port = port
        self.start()

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}{path}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(self._port)],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        soon(self._answers, "the API")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            return httpx.get(self.at("/healthz")).is_success
        except httpx.TransportError:
            return False


@contextmanager
def serve(service: Dev, log: Path, port: int, **variables: str) -> Iterator[Serve]:
    """Such an API for the length of a test."""
    running = Serve(service, log, port, **variables)
    try:
        yield running
    finally:
        running.kill()
