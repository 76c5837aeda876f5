"""Ending with the process that started this one, however that ends."""

import os
import signal
import threading
import time

PATIENCE = 5.0
"""Seconds for an orderly end; what is needed for one may have ended together with the parent."""


def end_when_stdin_closes() -> None:
    """Send this process SIGTERM when standard input closes; kill it if that is not enough.

    The parent holds the other end of a pipe, which the kernel closes at any end of its, SIGKILL included. A thread
    watches, because the event loop may be busy.
    """
    threading.Thread(target=_watch, name="stdin watch", daemon=True).start()


def _watch() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    _kill_all()


def _kill_all() -> None:
    # Where this process leads a group, the group is its children.
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
