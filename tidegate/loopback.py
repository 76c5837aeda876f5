"""What is on this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host is a loopback address, or the name of one."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_this_machine(url: str) -> bool:
    """Whether a URL is on loopback, which no proxy can reach for us."""
    return is_loopback(urlsplit(url).hostname or "")
