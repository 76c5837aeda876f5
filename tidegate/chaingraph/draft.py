"""A document that grows, and of which node or edge of the export each of its parts is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tidegate.chaingraph.export import Edge, Node

LONGEST_STEM = 40

_NO_ID = re.compile(r"[^A-Za-z0-9]+")


@dataclass
class Draft:
    """The origin of a node is the id of theirs, that of an edge is theirs, or the id of the node that needs it."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, str]] = field(default_factory=list)
    node_origins: list[str] = field(default_factory=list)
    edge_origins: list[Edge | str] = field(default_factory=list)

    def add_node(self, node: dict[str, Any], origin: str) -> None:
        """Add a node."""
        self.nodes.append(node)
        self.node_origins.append(origin)

    def add_edge(self, source: str, target: str, origin: Edge | str) -> None:
        """Add an edge between two ports of ours."""
        self.edges.append({"from": source, "to": target})
        self.edge_origins.append(origin)

    def holder(self, id: str, port: str, value: Any, origin: str) -> str:
        """A node that holds the constant of another's input; gives its output."""
        made = self._fresh(f"{id}_{port}", origin, {"type": _type_of(value), "inputs": {"value": value}})
        return f"{made}.value"

    def picker(self, source: str, id: str, part: str, origin: str) -> str:
        """A node that takes a part out of an object; gives its output."""
        made = self._fresh(f"{id}_{part}", origin, {"type": "object.get", "inputs": {"path": part}})
        if {"from": source, "to": f"{made}.object"} not in self.edges:
            self.add_edge(source, f"{made}.object", origin)
        return f"{made}.result"

    def _fresh(self, wish: str, origin: str, content: dict[str, Any]) -> str:
        """The id of a node with this content for this origin; it is made if there is none."""
        stem = _stem(wish)
        number = 1
        while True:
            id = stem if number == 1 else f"{stem}_{number}"
            found = next((index for index, node in enumerate(self.nodes) if node["id"] == id), None)
            if found is None:
                self.add_node({"id": id, **content}, origin)
                return id
            if self.node_origins[found] == origin and self.nodes[found] == {"id": id, **content}:
                return id
            number += 1


def ids_of(nodes: Iterable[Node]) -> dict[str, str]:
    """An id of ours for each of theirs, after the titles that people know."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for node in nodes:
        stem = id = _stem(node.title)
        number = 1
        while id in taken:
            number += 1
            id = f"{stem}_{number}"
        taken.add(id)
        ids[node.id] = id
    return ids


def _stem(title: str) -> str:
    words = _NO_ID.sub("_", title).strip("_").lower()[:LONGEST_STEM]
    return words if words[:1].isalpha() else f"node_{words}".rstrip("_")


def _type_of(value: Any) -> str:
    match value:
        case bool():
            return "value.boolean"
        case int() | float():
            return "value.number"
        case str():
            return "value.text"
        case list():
            return "value.array"
        case _:
            return "value.object"
