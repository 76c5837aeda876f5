"""A server's own folder: its lock, its port and password, its log and its data."""

import asyncio
import fcntl
import json
import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psutil

from storage.embedded.errors import DataDirectoryInUse

RELEASED_WITHIN = 2.0
"""Seconds that a killed process is given to be taken apart: its last threads may hold the lock meanwhile."""


@dataclass(frozen=True)
class Access:
    """How a server is reached: always on loopback, always with a password."""

    port: int
    password: str


class Home:
    """The folder of one server; taken, it belongs to this process alone.

    The port and the password stay the same from start to start, so that other processes, which were given
    the URL, come back by themselves.
    """

    def __init__(self, folder: Path, data_dir: Path) -> None:
        self.folder = folder
        self._data_dir = data_dir
        self.log = folder / "server.log"
        self._access = folder / "access.json"
        self._lock: TextIO | None = None

    def make(self) -> None:
        """Create the folder, its data closed to others by their own modes."""
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            # Postgres under another account passes through here on the way to its data.
            self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)

    async def take(self) -> None:
        """Lock the folder for this process, or raise DataDirectoryInUse."""
        # The descriptor is not inherited: the kernel releases the lock at whatever end of this process.
        lock = (self.folder / "lock").open("a+", encoding="ascii")
        try:
            await self._locked(lock)
        except BaseException:
            lock.close()
            raise
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def give_up(self) -> None:
        """Unlock the folder; unlocking twice is fine."""
        if self._lock:
            self._lock.close()
            self._lock = None

    async def _locked(self, lock: TextIO) -> None:
        deadline = time.monotonic() + RELEASED_WITHIN
        while not _try_lock(lock):
            owner = _owner(lock)
            if _lives(owner) or time.monotonic() > deadline:
                raise DataDirectoryInUse(
                    f"{self._data_dir} is in use by process {owner or '(unknown)'}. "
                    "Stop that one, or choose another --data-dir."
                )
            await asyncio.sleep(0.01)

    def access(self) -> Access:
        """The port and password of the last start, or new ones."""
        try:
            return Access(**json.loads(self._access.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return self.remember(Access(free_port(), secrets.token_urlsafe(24)))

    def remember(self, access: Access) -> Access:
        """Keep `access` for the next start."""
        draft = self._access.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with open(draft, "x", opener=_private) as file:
            json.dump({"port": access.port, "password": access.password}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._access)
        return access

    def open_log(self) -> TextIO:
        """A fresh log; the one of the start before is kept beside it."""
        if self.log.exists():
            self.log.rename(self.log.with_suffix(".log.previous"))
        return open(self.log, "x", opener=_private)


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _try_lock(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(lock: TextIO) -> int:
    lock.seek(0)
    return int(lock.read() or 0)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
