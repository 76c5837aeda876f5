"""What both embedded servers do: take their folder, clear it of orphans, start, stop."""

import asyncio
import re
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.embedded.errors import EmbeddedServerError, folder_errors
from storage.embedded.home import Access, Home, free_port
from storage.embedded.process import Order, ServerProcess

PORT_ATTEMPTS = 5
_TROUBLE = re.compile(r"FATAL|PANIC|Error|Failed|Warning: Could not")


class EmbeddedServer(ABC):
    """A server on one data folder, which ends when this process does.

    `start` may be called again after the server has died; it then runs on the same data and URL.
    """

    name: str

    def __init__(self, data_dir: Path | str) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.url = ""
        """The address with the password, for any process of this machine; set by `start`."""
        self._home: Home | None = None
        self._process: ServerProcess | None = None

    @property
    def running(self) -> bool:
        """Whether the server's process is up."""
        return self._process is not None and self._process.running

    async def start(self) -> None:
        """Start the server and wait until it answers.

        Raises DataDirectoryInUse if a living process runs on the same data, else EmbeddedServerError.
        """
        if self.running:
            return
        await self.stop()
        try:
            with folder_errors(self.data_dir):
                await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server, its data closed, and give up the folder; stopping twice is fine."""
        if self._process:
            await self._process.stop()
            self._process = None
        if self._home:
            self._home.give_up()
            self._home = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        home = Home(self._folder(), self.data_dir)
        home.make()
        self._home = home
        await home.take()
        access = home.access()
        await asyncio.to_thread(self._prepare, home, access)
        for _ in range(PORT_ATTEMPTS):
            if await self._launch(home, access):
                self.url = self._url(access)
                return
            if "Address already in use" not in home.log.read_text(errors="replace"):
                break
            access = home.remember(replace(access, port=free_port()))
        raise EmbeddedServerError(f"{self.name} did not start: {complaint(home.log)} (from {home.log})")

    async def _launch(self, home: Home, access: Access) -> bool:
        with home.open_log() as log:
            self._process = ServerProcess(self._order(home, access), log)
        pid = await self._process.pid()
        if await self._process.ready(lambda: self._answers(home, access, pid)):
            return True
        await self._process.stop()
        self._process = None
        return False

    @abstractmethod
    def _folder(self) -> Path:
        """The folder that is to be this server's home."""

    @abstractmethod
    def _prepare(self, home: Home, access: Access) -> None:
        """Bring the folder into a state from which the server starts."""

    @abstractmethod
    def _order(self, home: Home, access: Access) -> Order:
        """What to run."""

    @abstractmethod
    async def _answers(self, home: Home, access: Access, pid: int) -> bool:
        """Whether the server of process `pid` serves its clients now."""

    @abstractmethod
    def _url(self, access: Access) -> str:
        """The address that clients use."""


def complaint(log: Path) -> str:
    """The line of `log` that most likely says why a server ended."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if _TROUBLE.search(line)]
    return (telling or lines or ["it said nothing"])[-1]
