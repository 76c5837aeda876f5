"""The socket that the API listens on."""

import errno
import socket
from ipaddress import ip_address

from engine.errors import BadUserInput, ServiceUnavailable

BACKLOG = 2048


class CannotListen(ServiceUnavailable):
    """The API cannot listen on its address."""


class NotLoopback(BadUserInput):
    """The host is no loopback address."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"--host {host} is no loopback address. There is no authentication yet, so whoever reaches the API may do "
            "anything: use 127.0.0.1, and a proxy or tunnel that authenticates in front of it.",
            field="host",
        )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that nobody else can take the port; raises `CannotListen`, `NotLoopback`.

    Who connects before the API is up waits for it.
    """
    return open_socket(host, port, _loopback_family(host))


def open_socket(host: str, port: int, family: socket.AddressFamily | None = None) -> socket.socket:
    """A socket that listens on any address of this machine; raises `CannotListen`."""
    family = family or (socket.AF_INET6 if ":" in host else socket.AF_INET)
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


def _loopback_family(host: str) -> socket.AddressFamily:
    if host == "localhost":
        return socket.AF_INET
    try:
        parsed = ip_address(host)
    except ValueError:
        raise NotLoopback(host) from None
    if not parsed.is_loopback:
        raise NotLoopback(host)
    return socket.AF_INET6 if parsed.version == 6 else socket.AF_INET
