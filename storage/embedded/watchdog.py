"""The process between us and a server: it ends the server when we end, however we end.

It is run as a script with its order as JSON in the first argument, and it holds the reading end of a pipe
whose writing end only we have. The kernel closes that at any end of ours, SIGKILL included. Not
PR_SET_PDEATHSIG: it is Linux only, is tied to the thread that started the child, and is cleared when the
child changes its user.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from typing import Any

POLL = 0.5
"""Seconds between looks at our parent: a forked copy of it may hold the pipe open after its end."""


def main() -> int:
    """Run the server that the order names, until it ends or our parent does; failing if it failed."""
    order = json.loads(sys.argv[1])
    parent = os.getppid()
    woken = _wake_on_signals()
    server = _start(order)
    with contextlib.suppress(OSError):  # our parent may be gone already; the pipe says so next
        print(server.pid, flush=True)
    _wait(server, parent, woken)
    _end(server, order["stops"])
    return 1 if server.returncode else 0


def _wake_on_signals() -> int:
    # Functions, not SIG_IGN, which the server would inherit. SIGINT comes from a terminal to its whole
    # group; we are not in that, and one who means us sends SIGTERM.
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return woken


def _start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        order["command"],
        cwd=order["cwd"],
        env=order["env"],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        **order["account"],
    )


def _wait(server: subprocess.Popen[bytes], parent: int, woken: int) -> None:
    while server.poll() is None and os.getppid() == parent:
        readable, _, _ = select.select([0, woken], [], [], POLL)
        if 0 in readable or (woken in readable and signal.SIGTERM in os.read(woken, 64)):
            return


def _end(server: subprocess.Popen[bytes], stops: list[tuple[int, float]]) -> None:
    for number, seconds in stops:
        if server.poll() is not None:
            return
        server.send_signal(number)
        try:
            server.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if server.poll() is None:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
