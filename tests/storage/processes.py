"""The processes of embedded servers, as a test sees them.

Only watchdogs and the servers' own processes stay as long as the server: what a server starts may end between two
looks at it.
"""

import psutil


def watchdogs_of(pid: int | None = None) -> list[psutil.Process]:
    """The watchdogs that the process `pid`, or this one, has started."""
    return psutil.Process(pid).children()


def servers_of(pid: int | None = None) -> list[psutil.Process]:
    """The servers that the process `pid`, or this one, has started."""
    return [server for watchdog in watchdogs_of(pid) for server in watchdog.children()]


def gone(process: psutil.Process) -> bool:
    """Whether `process` has ended, reaped or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether every one has ended."""
    return all(gone(process) for process in processes)
