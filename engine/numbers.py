"""Which numbers a node may give: integers of 64 bits and finite floats; and what is made of many of them."""

import math
from collections.abc import Sequence
from typing import Any

from engine.errors import InputError, NodeError
from engine.ports import PortKind, kind_of_value
from engine.values import INTEGER_MAXIMUM, INTEGER_MINIMUM


def checked_number(number: int | float, origin: str) -> int | float:
    """Return the number; raises `NodeError`, naming its origin ("The sum"), when it cannot be kept exactly."""
    if isinstance(number, int):
        return checked_integer(number, origin)
    if not math.isfinite(number):
        raise NodeError(f"{origin} is not a finite number.")
    return number


def checked_integer(number: int, origin: str) -> int:
    """Return the integer; raises `NodeError` when it needs more than 64 bits."""
    if not INTEGER_MINIMUM <= number <= INTEGER_MAXIMUM:
        raise NodeError(f"{origin} does not fit into 64 bits.")
    return number


def required_numbers(items: list[Any], port: str) -> list[int | float]:
    """The items, which must be numbers; raises `InputError`, naming the port, for the first that is none."""
    for index, item in enumerate(items):
        if kind_of_value(item) is not PortKind.NUMBER:
            kind = kind_of_value(item) or "null"
            raise InputError(f"Input '{port}': item {index} is of kind {kind}; expected number.")
    return items


def exact_sum(numbers: Sequence[int | float]) -> int | float:
    """Integers add up exactly; with floats among them the sum is rounded once, at the end. May raise OverflowError."""
    return sum(numbers) if all(isinstance(number, int) for number in numbers) else math.fsum(numbers)
