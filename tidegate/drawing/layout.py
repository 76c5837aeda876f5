"""Where everything in a drawing of a flow is: a group is laid out by itself, and is one box of what is around it.

An edge that crosses the border of a group goes to a point on the border inside, and on from there outside.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.document import GROUP, FlowDocument, NodeDocument, PortReference
from tidegate.drawing.boxes import HEAD, Box, boxes_of
from tidegate.drawing.layers import place
from tidegate.drawing.shapes import Link, Placed, Point, Vertex

MARGIN = 22.0
GROUP_HEAD = 30.0
EMPTY_GROUP = (160.0, 40.0)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place in a drawing, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass
class Layout:
    """The places of nodes and groups by id, and the points that each edge goes through, in document order."""

    boxes: Mapping[str, Box]
    places: dict[str, Rectangle] = field(default_factory=dict)
    routes: list[list[Point]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def lay_out(document: FlowDocument) -> Layout:
    """Lay out a valid flow."""
    drawing = _Drawing(document)
    inner = drawing.laid_out(None)
    layout = Layout(drawing.boxes, width=inner.width, height=inner.height)
    layout.routes = [[] for _ in document.edges]
    drawing.settle(inner, 0.0, 0.0, layout)
    return layout


@dataclass
class _Graph:
    """What is directly inside a group as a graph: its members, then points on its border for edges that cross it."""

    sizes: list[Vertex]
    links: list[Link] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    entries: dict[int, int] = field(default_factory=dict)
    exits: dict[int, int] = field(default_factory=dict)

    def enter(self, edge: int) -> int:
        """A point where an edge comes in."""
        self.entries[edge] = len(self.sizes)
        self.sizes.append(Vertex(first=True))
        return self.entries[edge]

    def leave(self, edge: int) -> int:
        """A point where an edge goes out."""
        self.exits[edge] = len(self.sizes)
        self.sizes.append(Vertex(last=True))
        return self.exits[edge]


@dataclass(frozen=True, slots=True)
class _Inner:
    """What is inside a group, or of the flow itself, relative to its own corner."""

    members: Sequence[NodeDocument]
    groups: Mapping[str, "_Inner"]
    graph: _Graph
    placed: Placed
    head: float

    @property
    def width(self) -> float:
        return self.placed.width + 2 * MARGIN

    @property
    def height(self) -> float:
        return self.placed.height + 2 * MARGIN + self.head

    def level(self, vertex: int) -> float:
        """How far below the corner a point is."""
        return self.placed.corners[vertex][1] + MARGIN + self.head


class _Drawing:
    def __init__(self, document: FlowDocument) -> None:
        self.boxes = boxes_of(document)
        self._edges = document.edges
        self._nodes = {node.id: node for node in document.nodes}
        self._members: dict[str | None, list[NodeDocument]] = defaultdict(list)
        for node in document.nodes:
            self._members[node.parent].append(node)

    def laid_out(self, group: str | None) -> _Inner:
        """Lay out what is directly inside, after what is in the groups there."""
        members = self._members[group]
        groups = {node.id: self.laid_out(node.id) for node in members if node.type == GROUP}
        graph = _Graph([self._size(node, groups) for node in members])
        number = {node.id: index for index, node in enumerate(members)}
        for index in range(len(self._edges)):
            self._link(index, group, groups, number, graph)
        return _Inner(members, groups, graph, place(graph.sizes, graph.links), GROUP_HEAD if group else 0.0)

    def _link(
        self, index: int, group: str | None, groups: Mapping[str, _Inner], number: Mapping[str, int], graph: _Graph
    ) -> None:
        edge = self._edges[index]
        source, target = self._member(edge.source, group), self._member(edge.target, group)
        if source == target:
            return
        graph.edges.append(index)
        graph.links.append(
            Link(
                graph.enter(index) if source is None else number[source],
                graph.leave(index) if target is None else number[target],
                0.0 if source is None else self._leaves(source, index, groups),
                0.0 if target is None else self._arrives(target, index, groups),
            )
        )

    def settle(self, inner: _Inner, x: float, y: float, layout: Layout) -> None:
        """Give everything inside its place in the drawing, and the edges their points from left to right."""
        left, top = x + MARGIN, y + MARGIN + inner.head
        for index, route in zip(inner.graph.edges, inner.placed.routes, strict=True):
            points = [(left + right, top + down) for right, down in route]
            if index in inner.graph.entries:
                points[0] = (x, points[0][1])
            if index in inner.graph.exits:
                points[-1] = (x + inner.width, points[-1][1])
            layout.routes[index] = _joined(layout.routes[index], points, before=index in inner.graph.exits)
        for node, corner, size in zip(inner.members, inner.placed.corners, inner.graph.sizes, strict=False):
            layout.places[node.id] = Rectangle(left + corner[0], top + corner[1], size.width, size.height)
            if node.id in inner.groups:
                self.settle(inner.groups[node.id], left + corner[0], top + corner[1], layout)

    def _member(self, reference: PortReference, group: str | None) -> str | None:
        """The direct member of the group that a node is, or is somewhere in; None if it is outside."""
        node = self._nodes[reference.node]
        while node.parent != group:
            if node.parent is None:
                return None
            node = self._nodes[node.parent]
        return node.id

    def _size(self, node: NodeDocument, groups: Mapping[str, _Inner]) -> Vertex:
        if node.type == GROUP:
            inner = groups[node.id]
            return Vertex(max(inner.width, EMPTY_GROUP[0]), max(inner.height, EMPTY_GROUP[1]))
        return Vertex(self.boxes[node.id].width, self.boxes[node.id].height)

    def _leaves(self, member: str, index: int, groups: Mapping[str, _Inner]) -> float:
        source = self._edges[index].source
        if member in groups:
            inner = groups[member]
            return HEAD / 2 if source.node == member else inner.level(inner.graph.exits[index])
        return self.boxes[member].output_level(source.port)

    def _arrives(self, member: str, index: int, groups: Mapping[str, _Inner]) -> float:
        target = self._edges[index].target
        if member in groups:
            inner = groups[member]
            return HEAD / 2 if target.node == member else inner.level(inner.graph.entries[index])
        return self.boxes[member].input_level(target.port)


def _joined(known: list[Point], points: list[Point], *, before: bool) -> list[Point]:
    """A route of two parts: what leaves a group comes before the rest, which is known already, all else behind it."""
    return [*points, *known] if before else [*known, *points]
