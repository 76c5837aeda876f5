"""What can be known of a document that may have problems: the parts that have the right shape."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic_core import PydanticCustomError

from engine.document import PortReference, parse_reference
from engine.node import AnyNode
from engine.ports import Ports


@dataclass(slots=True)
class DraftNode:
    """A node as far as it can be known; what cannot is None.

    `node_type` and `ports` are found by `check_nodes`; without them nothing can be said of its ports.
    """

    index: int
    id: str | None
    type_name: str | None
    parent: str | None
    constants: Mapping[str, Any] | None
    node_type: type[AnyNode] | None = None
    ports: Ports | None = None

    def path(self, *parts: str | int) -> tuple[str | int, ...]:
        """The location of a part of this node."""
        return ("nodes", self.index, *parts)

    def __str__(self) -> str:
        return f"{self.id!r} ({self.type_name})"


@dataclass(slots=True)
class DraftEdge:
    """An edge, with the ends that could be read."""

    index: int
    source: PortReference | None
    target: PortReference | None

    def path(self, *parts: str | int) -> tuple[str | int, ...]:
        """The location of a part of this edge."""
        return ("edges", self.index, *parts)


@dataclass
class Draft:
    """The nodes and edges that could be read, in document order; not `edges_known`: there may be others."""

    nodes: list[DraftNode] = field(default_factory=list)
    edges: list[DraftEdge] = field(default_factory=list)
    edges_known: bool = True

    @classmethod
    def of(cls, data: Any) -> "Draft":
        """Take from a document all that has the right shape."""
        document = data if isinstance(data, dict) else {}
        nodes = [_node(index, item) for index, item in _objects(document.get("nodes"))]
        edges = [_edge(index, item) for index, item in _objects(document.get("edges"))]
        return cls(nodes, edges, isinstance(document.get("edges", []), (list, tuple)))

    @cached_property
    def by_id(self) -> Mapping[str, DraftNode]:
        """The nodes that have an id; the first of two with the same."""
        nodes: dict[str, DraftNode] = {}
        for node in self.nodes:
            if node.id is not None:
                nodes.setdefault(node.id, node)
        return nodes

    def connected_inputs(self, node_id: str) -> Set[str]:
        """The names of the node's inputs that have an edge."""
        return self._connected.get(node_id, frozenset())

    @cached_property
    def _connected(self) -> Mapping[str, Set[str]]:
        connected: dict[str, set[str]] = {}
        for edge in self.edges:
            if edge.target:
                connected.setdefault(edge.target.node, set()).add(edge.target.port)
        return connected


def _objects(items: Any) -> Iterator[tuple[int, dict[Any, Any]]]:
    if isinstance(items, (list, tuple)):
        yield from ((index, item) for index, item in enumerate(items) if isinstance(item, dict))


def _node(index: int, item: dict[Any, Any]) -> DraftNode:
    constants = item.get("inputs", {})
    known = isinstance(constants, dict) and all(isinstance(name, str) for name in constants)
    id_, type_, parent = (_text(item.get(key)) for key in ("id", "type", "parent"))
    return DraftNode(index, id_, type_, parent, constants if known else None)


def _text(data: Any) -> str | None:
    return data if isinstance(data, str) else None


def _edge(index: int, item: dict[Any, Any]) -> DraftEdge:
    return DraftEdge(index, _reference(item.get("from")), _reference(item.get("to")))


def _reference(data: Any) -> PortReference | None:
    try:
        return parse_reference(data)
    except PydanticCustomError:
        return None
