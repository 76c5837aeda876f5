"""What a layout takes and gives; all lengths are in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Vertex:
    """A rectangle, or a point; `first` and `last` ones come into outermost columns of their own."""

    width: float = 0.0
    height: float = 0.0
    first: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An edge between two vertices by their numbers, and how far below their tops it leaves and arrives."""

    source: int
    target: int
    leaves: float = 0.0
    arrives: float = 0.0


@dataclass(frozen=True, slots=True)
class Placed:
    """The left upper corners of the vertices, and the points that each link goes through."""

    corners: Sequence[Point]
    routes: Sequence[Sequence[Point]]
    width: float
    height: float
