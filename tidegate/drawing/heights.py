"""How high the vertices of each column are: near their neighbours, in their order, and none over another."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from tidegate.drawing.order import Neighbours, neighbours_of
from tidegate.drawing.shapes import Link, Vertex

GAP, POINT_GAP = 26.0, 9.0
SWEEPS = 12


def find_tops(vertices: Sequence[Vertex], columns: Sequence[Sequence[int]], pieces: Sequence[Link]) -> list[float]:
    """The top of each vertex; the highest is 0."""
    tops = [0.0] * len(vertices)
    before, after = neighbours_of(pieces)
    for column in columns:
        _settle(column, vertices, tops)
    for sweep in range(SWEEPS):
        is_forwards = sweep % 2 == 0
        for column in columns if is_forwards else columns[::-1]:
            _approach(column, before if is_forwards else after, tops)
            _settle(column, vertices, tops)
    highest = min(tops, default=0.0)
    return [top - highest for top in tops]


def _approach(column: Sequence[int], neighbours: Neighbours, tops: list[float]) -> None:
    for vertex in column:
        if found := neighbours.get(vertex):
            tops[vertex] = fmean(tops[each] + offset for each, offset in found)


def _settle(column: Sequence[int], vertices: Sequence[Vertex], tops: list[float]) -> None:
    """Move a column's vertices apart where they would be over each other, as little as can be."""
    offsets = [0.0]
    for above, below in pairwise(vertices[vertex] for vertex in column):
        gap = GAP if above.height and below.height else POINT_GAP
        offsets.append(offsets[-1] + above.height + gap)
    free = [tops[vertex] - offset for vertex, offset in zip(column, offsets, strict=False)]
    for vertex, offset, level in zip(column, offsets, rising(free), strict=False):
        tops[vertex] = level + offset


def rising(numbers: Sequence[float]) -> list[float]:
    """The rising numbers that are nearest to these: least squares, by pooling neighbours that would fall."""
    pools: list[tuple[float, int]] = []
    for number in numbers:
        pools.append((number, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (level, count), (other, more) = pools.pop(), pools.pop()
            pools.append(((level * count + other * more) / (count + more), count + more))
    return [level for level, count in pools for _ in range(count)]
