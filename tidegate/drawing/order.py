"""The order within the columns of a graph: that in which the fewest links cross, of those that are tried."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean

from tidegate.drawing.shapes import Link

SWEEPS = 12
PORT_WEIGHT = 1 / 10_000
"""Of two links to the same vertex the ports decide, which all together are less than one place."""

Columns = Sequence[Sequence[int]]
Neighbours = Mapping[int, Sequence[tuple[int, float]]]
"""The neighbours of each vertex on one side, each with the height of its port above the vertex's own."""


def order_columns(columns: Columns, pieces: Sequence[Link]) -> list[list[int]]:
    """Order each column by the mean place of its vertices' neighbours, back and forth."""
    before, after = neighbours_of(pieces)
    current = [list(column) for column in columns]
    best, fewest = current, _crossings(current, after)
    for sweep in range(SWEEPS):
        is_forwards = sweep % 2 == 0
        current = _swept(current, before) if is_forwards else _swept(current[::-1], after)[::-1]
        crossings = _crossings(current, after)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def neighbours_of(pieces: Iterable[Link]) -> tuple[Neighbours, Neighbours]:
    """The neighbours before and after each vertex."""
    before: dict[int, list[tuple[int, float]]] = defaultdict(list)
    after: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for piece in pieces:
        before[piece.target].append((piece.source, piece.leaves - piece.arrives))
        after[piece.source].append((piece.target, piece.arrives - piece.leaves))
    return before, after


def _swept(columns: Columns, neighbours: Neighbours) -> list[list[int]]:
    ordered = [list(columns[0])] if columns else []
    for column in columns[1:]:
        ordered.append(_sorted(column, ordered[-1], neighbours))
    return ordered


def _sorted(column: Sequence[int], fixed: Sequence[int], neighbours: Neighbours) -> list[int]:
    place = {vertex: number for number, vertex in enumerate(fixed)}
    # What has no neighbour there stays about where it is.
    means = {vertex: number * len(fixed) / len(column) for number, vertex in enumerate(column)}
    for vertex in column:
        if found := neighbours.get(vertex):
            means[vertex] = fmean(place[each] + offset * PORT_WEIGHT for each, offset in found)
    return sorted(column, key=means.__getitem__)


def _crossings(columns: Columns, after: Neighbours) -> int:
    crossings = 0
    for column, following in pairwise(columns):
        place = {vertex: number for number, vertex in enumerate(following)}
        passed: list[int] = []
        for vertex in column:
            ends = [place[each] for each, _ in after.get(vertex, ())]
            crossings += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return crossings
