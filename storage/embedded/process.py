"""A server process: started under its watchdog, awaited until it is ready, stopped through the watchdog."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from storage.embedded import watchdog
from storage.embedded.account import Account
from storage.embedded.errors import EmbeddedServerError

READY_WITHIN = 120.0
"""Seconds for a server to be ready; Postgres may first have a long log to recover from."""


@dataclass(frozen=True)
class Order:
    """What the watchdog is to run: `stops` are signals, each with the seconds that it is given to work."""

    command: Sequence[str]
    cwd: Path
    stops: Sequence[tuple[int, float]]
    account: Account | None = None

    def as_json(self) -> str:
        """The order as the watchdog reads it."""
        who = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []} if self.account else {}
        return json.dumps(
            {
                "command": self.command,
                "cwd": str(self.cwd),
                "stops": self.stops,
                "account": who,
                "env": plain_environment(),
            }
        )


def plain_environment() -> dict[str, str]:
    """Only what a server needs: none of our secrets, and no PG* variable that would change its mind."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


class ServerProcess:
    """A running server with its watchdog."""

    def __init__(self, order: Order, log: TextIO) -> None:
        # -I -S: the watchdog needs the standard library only, and starts in half the time. Its own
        # session keeps a terminal's Ctrl-C away from the servers, which end when we say so.
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(watchdog.__file__), order.as_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )

    @property
    def running(self) -> bool:
        """Whether the server is up, or at least on its way."""
        return self._watchdog.poll() is None

    async def ready(self, probe: Callable[[], Awaitable[bool]]) -> bool:
        """Wait until `probe` says yes (True) or the server has ended (False)."""
        deadline = time.monotonic() + READY_WITHIN
        while self.running:
            if await probe():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"A server was not ready after {READY_WITHIN:.0f} s. Start it again.")
            await asyncio.sleep(0.005)
        return False

    async def pid(self) -> int:
        """The server's process id; 0 if it could not even be started."""
        assert self._watchdog.stdout
        line = await asyncio.to_thread(self._watchdog.stdout.readline)
        return int(line or 0)

    async def stop(self) -> None:
        """Have the watchdog end the server, and wait for both."""
        assert self._watchdog.stdin
        assert self._watchdog.stdout
        self._watchdog.stdin.close()
        await asyncio.to_thread(self._watchdog.wait)
        self._watchdog.stdout.close()
