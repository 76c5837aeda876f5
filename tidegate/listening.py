"""The socket that the API listens on."""

import errno
import socket

from engine.errors import BadUserInput, ServiceUnavailable
from tidegate.loopback import is_loopback

BACKLOG = 2048


class CannotListen(ServiceUnavailable):
    """The API cannot listen on its address."""


class NotLoopback(BadUserInput):
    """The host is no loopback address."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"--host {host} is no loopback address, and without authentication whoever reaches the API may do "
            "anything: set TIDEGATE_JWT_SECRET or TIDEGATE_JWKS_URL, or use 127.0.0.1.",
            field="host",
        )


def listen(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """A socket that listens already, so that nobody else can take the port; raises `CannotListen`.

    Only with `anywhere` may the host be another than this machine's loopback, else `NotLoopback` is raised. Who
    connects before the API is up waits for it.
    """
    if not anywhere and not is_loopback(host):
        raise NotLoopback(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"Port {port} on {host} is in use. Stop what listens there, or choose another port."
            ) from None
        raise CannotListen(f"Cannot listen on port {port} of {host}: {error.strerror or error}.") from None


def address(listener: socket.socket) -> str:
    """`host:port` of a listening socket, as URLs have it."""
    host, port, *_ = listener.getsockname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
