"""When two JSON values are equal: by kind and content, so that 1 equals 1.0 and true does not equal 1."""

from collections.abc import Hashable
from typing import Any


def identity(data: Any) -> Hashable:
    """A hashable stand-in: two JSON values are equal exactly when their identities are."""
    match data:
        case bool():
            return ("boolean", data)
        case list() | tuple():
            return ("array", tuple(identity(item) for item in data))
        case dict():
            return ("object", frozenset((key, identity(item)) for key, item in data.items()))
        case str() | int() | float() | None:
            return data
        case _:
            raise TypeError(f"{type(data).__name__} is not a type that JSON has.")


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; the order of an object's keys does not count."""
    return identity(one) == identity(other)
