"""Ids that sort by creation: a prefix and 16 characters of Crockford's base 32.

Ten characters hold 48 bits of milliseconds since 1970 and 2 bits of noise, six hold 30 random bits; ids made by one
process never go backwards, also within a millisecond. Source of the alphabet: crockford.com/base32.html.
"""

import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BITS = 32
LENGTH = 16

_last = 0


def new_id(prefix: str) -> str:
    """Make an id such as `EX01K9ZB3M5Q7RW2T4`; greater than every id that this process made before."""
    global _last
    number = (time.time_ns() // 1_000_000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    _last = number if number >> RANDOM_BITS > _last >> RANDOM_BITS else _last + 1 + secrets.randbits(8)
    return prefix + _encode(_last)


def new_execution_id() -> str:
    """Make the id of an execution."""
    return new_id("EX")


def execution_id(number: int) -> str:
    """Write a number of up to 80 bits as the id of an execution."""
    return "EX" + _encode(number)


def first_execution_id(at: int) -> str:
    """The lowest id of an execution that is created at a time, in milliseconds since 1970."""
    return execution_id(at << RANDOM_BITS)


def new_flow_id() -> str:
    """Make the id of a flow."""
    return new_id("FL")


def new_secret_id() -> str:
    """Make the id of a secret."""
    return new_id("SE")


def flow_version_id(flow_id: str, version: int) -> str:
    """Make the global id of a flow version: `FL…@3`."""
    return f"{flow_id}@{version}"


def _encode(number: int) -> str:
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))
