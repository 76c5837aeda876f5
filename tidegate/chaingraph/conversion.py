"""Makes a document of ours of a flow of ChainGraph's.

What has no counterpart, or would not be valid, is kept as a disabled node, so that nothing is lost and all that hangs
on it is skipped. It is of a type that takes and gives anything; what it was is in its `ui`.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.document import GROUP, NAME_LIMIT
from engine.errors import InvalidDocument
from engine.ports import SYSTEM_PREFIX
from engine.problems import Problem
from engine.registry import NodeTypes
from engine.validation import check_document
from tidegate.chaingraph.counterparts import Counterpart, counterpart_of
from tidegate.chaingraph.draft import Draft, ids_of
from tidegate.chaingraph.export import Edge, End, Export, Node

STAND_IN, STAND_IN_INPUTS, STAND_IN_OUTPUT = "flow.merge", ("a", "b", "c", "d"), "value"

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*|\[\d+\])*\Z", re.ASCII)


class _Unconnectable(Exception):
    """An end of an edge has no counterpart."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A valid document; why nodes of it are disabled, by their ids, and what edges it lacks and why."""

    document: Mapping[str, Any]
    mapped: int
    disabled: Mapping[str, str]
    dropped: Sequence[str]


def convert(export: Export, node_types: NodeTypes) -> Conversion:
    """Convert a flow; raises `InvalidDocument` if nothing makes it valid, as when it is too large."""
    return _Converter(export, node_types).converted()


class _Converter:
    def __init__(self, export: Export, node_types: NodeTypes) -> None:
        self._export = export
        self._node_types = node_types
        self._nodes = {node.id: node for node in export.nodes}
        self._ids = ids_of(export.nodes)
        found = {node.id: counterpart_of(node) for node in export.nodes}
        self._counterparts = {id: each for id, each in found.items() if each and each.type in node_types}
        self._disabled = {
            node.id: f"nothing does what a {node.type} does"
            for node in export.nodes
            if node.id not in self._counterparts
        }
        self._dropped: dict[Edge, str] = {}
        self._found: dict[End, Sequence[str]] = {}
        self._arriving: Mapping[End, list[Edge]] = defaultdict(list)
        for edge in export.edges:
            self._arriving[edge.target].append(edge)

    def converted(self) -> Conversion:
        """Convert again without what was wrong, until nothing is."""
        while True:
            draft = self._drafted()
            document = self._document(draft)
            _, problems = check_document(document, self._node_types)
            if not problems:
                return self._conversion(document)
            gave_up = [self._gave_up(problem, draft) for problem in problems]
            if not any(gave_up):
                raise InvalidDocument(problems)

    def _gave_up(self, problem: Problem, draft: Draft) -> bool:
        """Drop the edge, or disable the node, that a problem is about; False if that is none, or no help."""
        _, section, number = (*problem.path.split("/"), "", "")[:3]
        if not number:
            return False
        origin = draft.edge_origins[int(number)] if section == "edges" else draft.node_origins[int(number)]
        if isinstance(origin, Edge):
            self._dropped[origin] = problem.message
            return True
        is_new = origin not in self._disabled
        self._disabled.setdefault(origin, f"{problem.path.split('/', 3)[-1]}: {problem.message}")
        return is_new

    def _drafted(self) -> Draft:
        draft = Draft()
        self._found.clear()
        for node in self._export.nodes:
            draft.add_node(self._node(node), node.id)
        for edge in self._export.edges:
            if edge not in self._dropped:
                self._connect(edge, draft)
        for node in self._export.nodes:
            self._hold_constants(node, draft)
        return draft

    def _document(self, draft: Draft) -> dict[str, Any]:
        export = self._export
        head = {"description": export.description, "metadata": export.id and {"chaingraph": {"id": export.id}}}
        given = {key: data for key, data in head.items() if data}
        return {"tidegate": 1, "name": export.name[:NAME_LIMIT], **given, "nodes": draft.nodes, "edges": draft.edges}

    def _conversion(self, document: Mapping[str, Any]) -> Conversion:
        return Conversion(
            document,
            mapped=len(self._nodes) - len(self._disabled),
            disabled={self._ids[id]: reason for id, reason in self._disabled.items()},
            dropped=[f"{self._shown(edge)}: {reason}" for edge, reason in self._dropped.items()],
        )

    def _shown(self, edge: Edge) -> str:
        ends = (f"{self._ids[end.node]}.{end.port}" for end in (edge.source, edge.target))
        return " → ".join(ends)

    def _node(self, node: Node) -> dict[str, Any]:
        was: dict[str, Any] = {"id": node.id, "type": node.type}
        own: dict[str, Any]
        if node.id in self._disabled:
            own = {"type": STAND_IN, "disabled": True}
            was["node"] = node.data
        else:
            counterpart = self._counterparts[node.id]
            inputs = {**counterpart.constants, **self._constants(node, counterpart)}
            own = {"type": counterpart.type, **({"inputs": inputs} if inputs else {}), **counterpart.settings}
        group = self._nodes.get(node.group or "")
        parent = {"parent": self._ids[group.id]} if group and self._is_group(group.id) else {}
        position = {"position": node.position} if node.position else {}
        named = {"id": self._ids[node.id], "type": own.pop("type"), "title": node.title}
        return {**named, **own, **parent, "ui": {**position, "chaingraph": was}}

    def _is_group(self, id: str) -> bool:
        return id not in self._disabled and self._counterparts[id].type == GROUP

    def _constants(self, node: Node, counterpart: Counterpart) -> dict[str, Any]:
        return {
            ours: value
            for theirs, ours in counterpart.inputs.items()
            if not self._is_many(counterpart, ours) and (value := self._constant(End(node.id, theirs))) is not None
        }

    def _constant(self, end: End) -> Any:
        """The value at an input that has no edge."""
        return None if self._feeding(end) else self._nodes[end.node].value(end.port)

    def _feeding(self, end: End) -> list[Edge]:
        return [edge for edge in self._arriving.get(end, ()) if edge not in self._dropped]

    def _is_many(self, counterpart: Counterpart, port: str) -> bool:
        return self._node_types[counterpart.type].declared_ports().inputs[port].many

    def _hold_constants(self, node: Node, draft: Draft) -> None:
        """Where an input takes edges only, as one of many, its constant gets a node of its own."""
        if node.id in self._disabled:
            return
        counterpart = self._counterparts[node.id]
        for theirs, ours in counterpart.inputs.items():
            value = self._constant(End(node.id, theirs))
            if value is not None and self._is_many(counterpart, ours):
                holder = draft.holder(self._ids[node.id], theirs, value, node.id)
                draft.add_edge(holder, f"{self._ids[node.id]}.{ours}", node.id)

    def _connect(self, edge: Edge, draft: Draft) -> None:
        try:
            target = self._target(edge.target)
            for source in self._sources(edge.source, draft):
                draft.add_edge(source, target, edge)
        except _Unconnectable as error:
            self._dropped[edge] = str(error)

    def _target(self, end: End) -> str:
        id = self._ids[end.node]
        if end.port.startswith(SYSTEM_PREFIX):
            return f"{id}.{end.port}"
        if end.node in self._disabled:
            ports = [arriving.port for arriving in self._arriving if arriving.node == end.node]
            return f"{id}.{STAND_IN_INPUTS[min(ports.index(end.port), len(STAND_IN_INPUTS) - 1)]}"
        counterpart = self._counterparts[end.node]
        if end.port not in counterpart.inputs:
            raise _Unconnectable(f"{counterpart.type} has nothing for the input {end.port!r}")
        return f"{id}.{counterpart.inputs[end.port]}"

    def _sources(self, end: End, draft: Draft) -> Sequence[str]:
        """The outputs of ours that give what one of theirs does; several where an input that is passed on has.

        Each input on the way is looked at once, since the ways through them can be beyond number.
        """
        waiting, passed = [end], set[End]()
        while waiting:
            each = waiting[-1]
            feeding = [edge.source for edge in self._feeding(each)]
            if each in self._found:
                waiting.pop()
            elif source := self._source(each, draft):
                self._found[each] = [source]
            elif unknown := [before for before in feeding if before not in self._found]:
                if each in passed:
                    raise _Unconnectable(f"the input {each.port!r} is passed on to itself")
                passed.add(each)
                waiting += reversed(unknown)
            else:
                self._found[each] = list(dict.fromkeys(one for before in feeding for one in self._found[before]))
        return self._found[end]

    def _source(self, end: End, draft: Draft) -> str | None:
        """The output of ours that gives what one of theirs does; None if that is an input with edges."""
        id = self._ids[end.node]
        if end.port.startswith(SYSTEM_PREFIX):
            return f"{id}.{end.port}"
        if end.node in self._disabled:
            return f"{id}.{STAND_IN_OUTPUT}"
        counterpart = self._counterparts[end.node]
        whole, _, part = end.port.partition(".")
        if end.port in counterpart.outputs:
            return f"{id}.{counterpart.outputs[end.port]}"
        if whole in counterpart.outputs and _PATH.match(part):
            return draft.picker(f"{id}.{counterpart.outputs[whole]}", id, part, end.node)
        if end.port not in counterpart.inputs:
            raise _Unconnectable(f"{counterpart.type} has nothing for the output {end.port!r}")
        value = self._nodes[end.node].value(end.port)
        return None if self._feeding(end) else draft.holder(id, end.port, value, end.node)
