"""Ports for processes that are told theirs before they listen."""

import contextlib
import secrets
import socket

FIRST, COUNT = 10_000, 20_000
"""Below the ports that systems give by themselves, to clients too: nobody else takes one before it is listened on."""


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    while True:
        port = FIRST + secrets.randbelow(COUNT)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
