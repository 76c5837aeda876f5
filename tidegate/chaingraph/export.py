"""Reads what ChainGraph exports of a flow, in either form of its nodes, as far as it can be understood.

The facts of the format: a flow has `metadata`, `nodes` and `edges`, an edge the ids of two nodes and of their ports. A
node has its type in `metadata.type` and its `ports` by id, or, where it says `schemaVersion: v2`, in `type` and a list.
A port has a `config` (`id`, `key`, `direction`, and `parentId` where it is a part of another port) and a `value`. Its
id may have `:PO` and 16 characters behind it. System ports are `__execute`, `__success`, `__error` and
`__errorMessage`. The place of a node is `metadata.ui.position`, its group `metadata.parentNodeId`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import TidegateError
from engine.ports import SYSTEM_PREFIX

PASSED_ON = "passthrough"
_RANDOM_PART = re.compile(r":PO[\w-]{16}")
_SYSTEM_NAMES = ("execute", "success", "error", "errorMessage")


class NoExport(TidegateError):
    """This is no flow that ChainGraph has exported."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port; `path` is its key, with those of the ports around it before it: `object.name`."""

    path: str
    value: Any = None
    is_passed_on: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A node; `ports` are by their ids, `data` is all that the export has of it."""

    id: str
    type: str
    title: str
    group: str | None
    position: Any
    ports: Mapping[str, Port]
    data: Mapping[str, Any]

    def value(self, path: str) -> Any:
        """The value at a port; None if there is none."""
        return next((port.value for port in self.ports.values() if port.path == path), None)

    def path(self, port_id: str) -> str:
        """The path of the port with this id, also if the export does not list the port."""
        if port_id in self.ports:
            return self.ports[port_id].path
        plain = _RANDOM_PART.sub("", port_id)
        return f"{SYSTEM_PREFIX}{plain}" if plain in _SYSTEM_NAMES else plain


@dataclass(frozen=True, slots=True)
class End:
    """A port of a node, by the node's id and the port's path."""

    node: str
    port: str


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge, from an output to an input."""

    source: End
    target: End


@dataclass(frozen=True, slots=True)
class Export:
    """An exported flow; `lost` are the edges whose nodes it does not have."""

    id: str | None
    name: str
    description: str | None
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    lost: int


def read_export(data: Any) -> Export:
    """Read the JSON of an export; raises `NoExport`."""
    flow = _object(_object(data).get("json", data))
    nodes = {node.id: node for node in _nodes(flow.get("nodes"))}
    if not nodes:
        raise NoExport("There are no nodes in it: ChainGraph exports a flow as an object with `nodes` and `edges`.")
    raw = [_object(edge) for edge in _items(flow.get("edges"))]
    edges = [edge for each in raw if (edge := _edge(each, nodes))]
    metadata = _object(flow.get("metadata"))
    return Export(
        id=_text(flow.get("id") or flow.get("flowId") or metadata.get("id")),
        name=_text(metadata.get("name") or flow.get("name")) or "Imported flow",
        description=_text(metadata.get("description") or flow.get("description")),
        nodes=list(nodes.values()),
        edges=edges,
        lost=len(raw) - len(edges),
    )


def _nodes(data: Any) -> Iterator[Node]:
    for item in _items(data):
        node = _object(item)
        metadata = _object(node.get("metadata"))
        id, type = _text(node.get("id")), _text(metadata.get("type") or node.get("type"))
        if id and type:
            yield Node(
                id=id,
                type=type,
                title=_text(metadata.get("title")) or type,
                group=_text(metadata.get("parentNodeId")),
                position=_object(metadata.get("ui")).get("position"),
                ports=_ports(node.get("ports")),
                data=node,
            )


def _ports(data: Any) -> Mapping[str, Port]:
    raw = [_object(item) for item in _items(data)]
    configs = {id: config for port in raw if (id := _text((config := _object(port.get("config"))).get("id")))}
    ports = {}
    for port in raw:
        config = _object(port.get("config"))
        if id := _text(config.get("id")):
            value = port.get("value", config.get("defaultValue"))
            ports[id] = Port(_path(config, configs), value, config.get("direction") == PASSED_ON)
    return ports


def _path(config: Mapping[str, Any], configs: Mapping[str, Mapping[str, Any]]) -> str:
    keys = []
    seen: set[str] = set()
    while config and str(config.get("id")) not in seen:
        seen.add(str(config.get("id")))
        keys.append(str(config.get("key") or _RANDOM_PART.sub("", str(config.get("id")))))
        config = configs.get(str(config.get("parentId")), {})
    return ".".join(reversed(keys))


def _edge(data: Mapping[str, Any], nodes: Mapping[str, Node]) -> Edge | None:
    ends = []
    for side in ("source", "target"):
        node = nodes.get(str(data.get(f"{side}NodeId")))
        if node is None:
            return None
        ends.append(End(node.id, node.path(str(data.get(f"{side}PortId")))))
    return Edge(*ends)


def _items(data: Any) -> Sequence[Any]:
    return list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else []


def _object(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}


def _text(data: Any) -> str | None:
    return data if isinstance(data, str) and data else None
