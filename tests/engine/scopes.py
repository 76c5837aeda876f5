"""A second, naive opinion on which nodes take part in a run, in terms of what delays what."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


class Map:
    """What leads where in a document, by node id."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.nodes: dict[str, Mapping[str, Any]] = {node["id"]: node for node in document["nodes"]}
        self.edges = {(_node(edge["from"]), _node(edge["to"])) for edge in document["edges"]}

    def group_of(self, node: str) -> str | None:
        group: str | None = self.nodes[node].get("parent")
        return group

    def members(self, group: str) -> set[str]:
        return {node for node in self.nodes if self.group_of(node) == group}

    def listeners(self, event: str | None = None) -> set[str]:
        """The nodes that listen to an event and can do so, or (None) all that listen."""
        return {
            id_
            for id_, node in self.nodes.items()
            if node["type"] == "event.listen"
            and (event is None or (node["inputs"]["eventName"] == event and not node.get("disabled")))
        }

    def ordinary(self) -> set[str]:
        """Every node that is not downstream of a listener, less those that feed only such nodes."""
        outside = self.downstream(self.listeners())
        return set(self.nodes) - _grown(outside, self.nodes, lambda node, found: self._feeds_only(node, found))

    def of_event(self, event: str) -> set[str]:
        """The event's listeners, all downstream of them, and all ancestors of that."""
        needed = self.downstream(self.listeners(event))
        return _grown(needed, self.nodes, self._is_ancestor)

    def part(self, event: str | None) -> Mapping[str, Any]:
        """What takes part in a run, as a document of its own; a listener of another event is as good as disabled."""
        inside = (self.of_event(event) if self.listeners(event) else set()) if event else self.ordinary()
        idle = self.listeners() - self.listeners(event) if event else set()
        nodes = [
            node | ({"disabled": True} if id_ in idle else {}) for id_, node in self.nodes.items() if id_ in inside
        ]
        edges = [edge for edge in self.document["edges"] if {_node(edge["from"]), _node(edge["to"])} <= inside]
        return {**self.document, "nodes": nodes, "edges": edges}

    def downstream(self, listeners: set[str]) -> set[str]:
        return _grown(listeners, self.nodes, self._is_held_up)

    def _is_held_up(self, node: str, late: set[str]) -> bool:
        """Whether a node starts only after one of these has ended."""
        return self.group_of(node) in late or any(
            source in late or self._ends_late(source, late) for source, target in self.edges if target == node
        )

    def _ends_late(self, group: str, late: set[str]) -> bool:
        return any(member in late or self._ends_late(member, late) for member in self.members(group))

    def _is_ancestor(self, node: str, found: set[str]) -> bool:
        """Whether one of these cannot start before the node has started or ended."""
        is_source = any(source == node and target in found for source, target in self.edges)
        return is_source or bool(self.members(node) & found) or self._is_in_source(node, found)

    def _is_in_source(self, node: str, found: set[str]) -> bool:
        """Whether a group around the node has to end before one of these."""
        group = self.group_of(node)
        return group is not None and (
            any(source == group and target in found for source, target in self.edges)
            or self._is_in_source(group, found)
        )

    def _feeds_only(self, node: str, outside: set[str]) -> bool:
        fed = {target for source, target in self.edges if source == node} | self.members(node)
        return bool(fed) and fed <= outside


def _node(port: str) -> str:
    return port.partition(".")[0]


def _grown(found: set[str], nodes: Iterable[str], belongs: Callable[[str, set[str]], bool]) -> set[str]:
    """The set with every node that belongs to it, until none is left."""
    grown = set(found)
    while new := {node for node in nodes if node not in grown and belongs(node, grown)}:
        grown |= new
    return grown
