"""Lays a directed graph out in columns from left to right, by the method of Sugiyama, Tagawa and Toda (1981).

Each vertex comes into the column behind its last predecessor, an edge that passes columns gets a waypoint in each, the
columns are ordered so that few edges cross, and at last each vertex goes as near to the height of its neighbours as the
others in its column let it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tidegate.drawing.heights import find_tops
from tidegate.drawing.order import order_columns
from tidegate.drawing.ranks import find_ranks
from tidegate.drawing.shapes import Link, Placed, Point, Vertex

COLUMN_GAP, BORDER_GAP, LINK_GAP, WIDEST_GAP = 56.0, 30.0, 3.0, 180.0


def place(vertices: Sequence[Vertex], links: Sequence[Link]) -> Placed:
    """Lay a graph out; circles are allowed, and a link from a vertex to itself has no points."""
    return _Layout(list(vertices), links).placed()


@dataclass
class _Layout:
    vertices: list[Vertex]
    links: Sequence[Link]
    columns: list[list[int]] = field(default_factory=list)
    pieces: list[Link] = field(default_factory=list)
    ways: list[list[int]] = field(default_factory=list)

    def placed(self) -> Placed:
        ranks = find_ranks(self.vertices, self.links)
        for link in self.links:
            self.ways.append(self._cut(link, ranks))
        self.columns = [[] for _ in range(max(ranks, default=-1) + 1)]
        for vertex, rank in enumerate(ranks):
            self.columns[rank].append(vertex)
        self.columns = order_columns(self.columns, self.pieces)
        tops = find_tops(self.vertices, self.columns, self.pieces)
        sides = self._sides(ranks)
        corners = [
            ((sides[rank][0] + sides[rank][1] - vertex.width) / 2, top)
            for vertex, rank, top in zip(self.vertices, ranks, tops, strict=True)
        ]
        bottoms = (top + vertex.height for top, vertex in zip(tops, self.vertices, strict=True))
        return Placed(
            corners,
            [self._route(link, way, corners, sides, ranks) for link, way in zip(self.links, self.ways, strict=True)],
            max((right for _, right in sides), default=0.0),
            max(bottoms, default=0.0),
        )

    def _cut(self, link: Link, ranks: list[int]) -> list[int]:
        """Cut a link that goes forwards into pieces from column to column; gives the waypoints between them."""
        way: list[int] = []
        rest = link
        for rank in range(ranks[link.source] + 1, ranks[link.target]):
            way.append(len(self.vertices))
            self.vertices.append(Vertex())
            ranks.append(rank)
            self.pieces.append(replace(rest, target=way[-1], arrives=0.0))
            rest = replace(link, source=way[-1], leaves=0.0)
        if ranks[link.source] < ranks[link.target]:
            self.pieces.append(rest)
        return way

    def _sides(self, ranks: Sequence[int]) -> list[Point]:
        """The left and right of each column; between two there is more room, the more links there are."""
        crossing = [0] * len(self.columns)
        for piece in self.pieces:
            crossing[ranks[piece.source]] += 1
        sides, x = [], 0.0
        for column, links in zip(self.columns, crossing, strict=True):
            width = max((self.vertices[vertex].width for vertex in column), default=0.0)
            sides.append((x, x + width))
            is_border = any(self.vertices[vertex].first or self.vertices[vertex].last for vertex in column)
            x += width + (BORDER_GAP if is_border else min(COLUMN_GAP + LINK_GAP * links, WIDEST_GAP))
        return sides

    def _route(
        self, link: Link, way: Sequence[int], corners: Sequence[Point], sides: Sequence[Point], ranks: Sequence[int]
    ) -> list[Point]:
        if link.source == link.target:
            return []
        (left, top), (target_left, target_top) = corners[link.source], corners[link.target]
        leaves, arrives = top + link.leaves, target_top + link.arrives
        # Only in the gaps between columns may it rise or fall, for in a column it would meet others.
        route = [(left + self.vertices[link.source].width, leaves), (sides[ranks[link.source]][1], leaves)]
        for waypoint in way:
            route += [(side, corners[waypoint][1]) for side in sides[ranks[waypoint]]]
        return [*route, (sides[ranks[link.target]][0], arrives), (target_left, arrives)]
