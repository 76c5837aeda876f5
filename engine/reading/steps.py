"""The steps in which a text tells its data, whatever its format."""

import math
import re
from enum import Enum, auto
from typing import Any, NamedTuple

from engine.problems import FlowProblemCode

INTEGERS = (-(2**63), 2**64 - 1)
INTEGER_DIGITS = 20


class Position(NamedTuple):
    """A place in a text; both count from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class Span(NamedTuple):
    """A part of a text, from its first character to the one after its last."""

    start: Position
    end: Position

    @classmethod
    def at(cls, position: Position) -> "Span":
        """A place that has no length."""
        return cls(position, position)


START = Span.at(Position(1, 1))


class Unreadable(Exception):
    """The text cannot be read any further."""

    def __init__(self, message: str, position: Position | None = None) -> None:
        super().__init__(message)
        self.span = Span.at(position) if position else START


class Action(Enum):
    """What a step does; a key is a scalar in an object, before each value."""

    OPEN = auto()
    CLOSE = auto()
    SCALAR = auto()


class Complaint(NamedTuple):
    """Why a step is refused, although the text goes on."""

    code: FlowProblemCode
    message: str


class Step(NamedTuple):
    """Open an empty object or array (`data`), close it again, or give a scalar."""

    action: Action
    data: Any
    span: Span
    complaint: Complaint | None = None


NOT_A_NUMBER = Complaint(FlowProblemCode.INVALID_VALUE, "NaN and infinities are no numbers of JSON.")
TOO_LARGE = Complaint(FlowProblemCode.INVALID_VALUE, "The number does not fit into 64 bits.")

_INTEGER = re.compile(r"[-+]?0*([0-9]+)\Z")


def number(text: str) -> tuple[int | float | None, Complaint | None]:
    """Read a decimal number; an integer without a point or exponent, a float with."""
    integer = _INTEGER.match(text)
    if integer and len(integer[1]) > INTEGER_DIGITS:
        return None, TOO_LARGE
    return ranged(int(text) if integer else float(text))


def ranged(data: int | float) -> tuple[int | float | None, Complaint | None]:
    """The number itself, or the complaint that it does not fit into 64 bits."""
    fits = INTEGERS[0] <= data <= INTEGERS[1] if isinstance(data, int) else math.isfinite(data)
    return (data, None) if fits else (None, TOO_LARGE)
