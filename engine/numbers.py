"""Which numbers a node may give: integers of 64 bits and finite floats."""

import math

from engine.errors import NodeError

INTEGER_MINIMUM = -(2**63)
INTEGER_MAXIMUM = 2**63 - 1


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
