"""The only way out for requests that flows make: to public addresses, and to hosts that the operator has opened.

A host is resolved once, every address that it has must be global, and the connection goes to an address that was
checked, so that a second look-up cannot lead elsewhere. Addresses that wrap another one (IPv4-mapped, NAT64, 6to4,
Teredo) are refused whatever they wrap. Proxy settings of the environment are not read.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from ssl import SSLContext
from typing import Any

import httpcore2

from engine.errors import NodeError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local use
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
    )
)

_LOCAL = re.compile(r"(.*\.)?localhost\.?", re.IGNORECASE)
# What the system's look-up takes for an address although it is not written as one.
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)


class EgressRefused(NodeError):
    """The host must not be reached."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Look up all addresses of a host; raises `OSError` when there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, and is not a wrapping of another one."""
    special = (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or address.is_private
        or (address.version == 6 and address.is_site_local)
    )
    wrapped = any(address in network for network in REFUSED_NETWORKS if network.version == address.version)
    return address.is_global and not special and not wrapped


def is_allowed(host: str, port: int, allow: frozenset[str]) -> bool:
    """Whether the operator has opened this host, by name or by name and port."""
    name = f"[{host}]" if ":" in host else host.lower()
    return name in allow or f"{name}:{port}" in allow


async def checked_addresses(host: str, port: int, allow: frozenset[str], resolver: Resolver) -> Sequence[str]:
    """The addresses to connect to; raises `EgressRefused` when one of them is not public."""
    if is_allowed(host, port, allow):
        return await resolver(host, port)
    if _LOCAL.fullmatch(host) or (_NUMERIC.fullmatch(host) and not _is_address(host)):
        raise _refused(host)
    addresses = await resolver(host, port)
    if not all(map(_is_public_text, addresses)):
        raise _refused(host)
    return addresses


def _refused(host: str) -> EgressRefused:
    return EgressRefused(
        f"The host {host!r} is not on the public internet. Name it in TIDEGATE_HTTP_ALLOW of the workers to open it."
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_public_text(text: str) -> bool:
    return _is_address(text) and is_public(ipaddress.ip_address(text))


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections for httpcore2, to checked addresses only.

    TLS and the Host header go by the name in the URL, which this does not change.
    """

    def __init__(self, allow: frozenset[str], resolver: Resolver) -> None:
        self._allow = allow
        self._resolver = resolver
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = httpcore2.ConnectError(f"The host {host!r} has no address.")
        for address in await checked_addresses(host, port, self._allow, self._resolver):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:
        raise EgressRefused("Sockets of this machine are not reached.")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


@lru_cache(maxsize=1)
def tls() -> SSLContext:
    return httpcore2.default_ssl_context()


@asynccontextmanager
async def connections(
    allow: frozenset[str], resolver: Resolver = resolve
) -> AsyncIterator[httpcore2.AsyncConnectionPool]:
    """Connections that are checked; they are closed at the end."""
    backend = CheckedBackend(allow, resolver)
    async with httpcore2.AsyncConnectionPool(ssl_context=tls(), network_backend=backend) as pool:
        yield pool
