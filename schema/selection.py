"""What is wanted of a log: where it begins and which kinds."""

from collections.abc import Sequence
from enum import StrEnum

from engine.errors import BadUserInput

FIRST_INDEX = -1


def check_from_index(from_index: int) -> int:
    """Return where to begin; raises `BadUserInput` before the first event, which is at -1."""
    if from_index < FIRST_INDEX:
        raise BadUserInput(f"fromIndex must be at least {FIRST_INDEX}, not {from_index}.", field="fromIndex")
    return from_index


def kinds(event_types: Sequence[StrEnum]) -> list[str] | None:
    """The names of the wanted kinds; None if all are."""
    return [kind.value for kind in event_types] or None


def check_range(value: int, lowest: int, highest: int, field: str) -> int:
    """Return a number that is in its range; raises `BadUserInput` that names the argument."""
    if not lowest <= value <= highest:
        raise BadUserInput(f"{field} must be from {lowest} to {highest}, not {value}.", field=field)
    return value
