"""Servers that outlived their process: found by the folder that they work in, and ended."""

import contextlib
import signal
import time
from pathlib import Path

import psutil

PATIENCE = 10.0
"""Seconds that an orphan is given to close its data before it is killed."""


def end_orphans(program: str, folder: Path, gentle: signal.Signals, leader: int | None = None) -> None:
    """End every process of `program` that works in `folder`, which the caller has locked.

    Where there is a `leader` (a process id), only it is told to stop: the others follow it, and the same
    signal may mean something else to them.
    """
    told: set[psutil.Process] = set()
    deadline = time.monotonic() + PATIENCE
    while orphans := working_in(program, folder):
        if time.monotonic() > deadline:
            _signal(orphans, signal.SIGKILL)
        untold = [orphan for orphan in orphans if orphan not in told and leader in (None, orphan.pid)]
        _signal(untold, gentle)
        told.update(untold)
        psutil.wait_procs(orphans, timeout=0.05)


def working_in(program: str, folder: Path) -> list[psutil.Process]:
    """The processes of `program` whose working directory is `folder`."""
    place = str(folder.resolve())
    return [process for process in psutil.process_iter() if _is(process, program, place)]


def _is(process: psutil.Process, program: str, place: str) -> bool:
    try:
        return process.name() == program and process.cwd() == place
    except psutil.Error:
        return False


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
