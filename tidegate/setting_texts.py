"""Reading the texts of settings; each raises ValueError or KeyError for what it cannot read."""

import base64
import re
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from storage.keyring import KEY_BYTES, KeyRing
from tidegate.loopback import is_this_machine

SECRET_BYTES = 32


def url(*schemes: str) -> Callable[[str], str]:
    """Reads a URL with one of these schemes, and leaves it as it is."""

    def read(text: str) -> str:
        parts = urlsplit(text)
        # `port` raises ValueError for what is no port.
        if parts.scheme not in schemes or parts.port == 0:
            raise ValueError
        return text

    return read


def between(low: float, high: float, kind: type[int] | type[float]) -> Callable[[str], int | float]:
    """Reads a number in a range, both ends included."""

    def read(text: str) -> int | float:
        number = kind(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def secret(text: str) -> str:
    """Read a secret that is long enough."""
    if len(text.encode()) < SECRET_BYTES:
        raise ValueError
    return text


def key_ring(text: str) -> KeyRing:
    """Read keys with their ids."""
    named = [part.strip().partition(":") for part in text.split(",") if part.strip()]
    keys = {key_id: base64.b64decode(key, validate=True) for key_id, _, key in named}
    is_valid = all(
        re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", key_id) and len(key) == KEY_BYTES for key_id, key in keys.items()
    )
    if not keys or len(keys) != len(named) or not is_valid:
        raise ValueError
    return KeyRing(keys)


def keys_url(text: str) -> str:
    """Read a URL that nobody on the way can answer for."""
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(text))
    if not is_safe or not parts.hostname or parts.username is not None or parts.port == 0:
        raise ValueError
    return text


def function(text: str) -> str:
    """Read the name of a function."""
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text):
        raise ValueError
    return text


def modules(text: str) -> tuple[str, ...]:
    """Read the names of modules, separated by commas."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not all(part.isidentifier() for name in found for part in name.split(".")):
        raise ValueError
    return found


def origins(text: str) -> frozenset[str]:
    """Read origins, separated by commas."""
    found = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}" or "@" in origin:
            raise ValueError
        if not parts.hostname or parts.port == 0:
            raise ValueError
    return found


def switch(text: str) -> bool:
    """Read a yes or no."""
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def one_of(*choices: str) -> Callable[[str], str]:
    """Reads one of a few words."""

    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError
        return text.lower()

    return read


def address(text: str) -> str:
    """Read an IP address."""
    return str(ip_address(text))


def hosts(text: str) -> frozenset[str]:
    """Read hosts with or without ports, separated by commas."""
    found = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    for host in found:
        parts = urlsplit(f"//{host}")
        if not parts.hostname or parts.path or parts.username is not None or parts.port == 0:
            raise ValueError
    return found
