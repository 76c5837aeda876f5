"""Edges: both ends exist, and what leaves the one fits the other."""

from collections.abc import Mapping

from engine.document import PortReference
from engine.ports import AFTER, ERROR, ERROR_MESSAGE, EXECUTE, SUCCESS, Port, PortKind, compatible, conversion
from engine.problems import FlowProblemCode
from engine.validation.draft import Draft, DraftEdge, DraftNode
from engine.validation.report import Report, shown

SYSTEM_INPUT_PORTS = {name: Port(name, PortKind.ANY) for name in (EXECUTE, AFTER)}
SYSTEM_OUTPUT_PORTS = {
    SUCCESS: Port(SUCCESS, PortKind.BOOLEAN, {"type": "boolean"}),
    ERROR: Port(ERROR, PortKind.BOOLEAN, {"type": "boolean"}),
    ERROR_MESSAGE: Port(ERROR_MESSAGE, PortKind.STRING, {"type": "string"}),
}

Ends = tuple[PortReference, PortReference]


def check_edges(draft: Draft, report: Report) -> None:
    """Report unknown nodes and ports, kinds that do not fit, and edges that are there twice."""
    seen: dict[Ends, DraftEdge] = {}
    for edge in draft.edges:
        source, target = _source(edge, draft, report), _target(edge, draft, report)
        if source and target:
            _check_kinds(edge, source, target, report)
        if edge.source and edge.target:
            _check_repetition(edge, (edge.source, edge.target), seen, report)


def _source(edge: DraftEdge, draft: Draft, report: Report) -> Port | None:
    node = _end("from", edge, edge.source, draft, report)
    if not edge.source or not node or not node.ports:
        return None
    return _port("from", edge, edge.source, node, {**node.ports.outputs, **SYSTEM_OUTPUT_PORTS}, report)


def _target(edge: DraftEdge, draft: Draft, report: Report) -> Port | None:
    node = _end("to", edge, edge.target, draft, report)
    if not edge.target or not node or not node.ports:
        return None
    return _port("to", edge, edge.target, node, {**node.ports.inputs, **SYSTEM_INPUT_PORTS}, report)


def _end(key: str, edge: DraftEdge, end: PortReference | None, draft: Draft, report: Report) -> DraftNode | None:
    if end is None:
        return None
    node = draft.by_id.get(end.node)
    if node is None:
        message = f"There is no node {end.node!r}.{report.suggest(end.node, draft.by_id)}"
        report.add(edge.path(key), FlowProblemCode.UNKNOWN_NODE, message)
    return node


def _port(
    key: str, edge: DraftEdge, end: PortReference, node: DraftNode, ports: Mapping[str, Port], report: Report
) -> Port | None:
    port = ports.get(end.port)
    if port is None:
        direction = "output" if key == "from" else "input"
        message = f"Node {node} has no {direction} {shown(end.port)}.{report.suggest(end.port, ports)}"
        report.add(edge.path(key), FlowProblemCode.UNKNOWN_PORT, message)
    return port


def _check_kinds(edge: DraftEdge, source: Port, target: Port, report: Report) -> None:
    if target.constant:
        message = f"The input {target.name!r} takes a constant only, because it shapes the node."
        report.add(edge.path("to"), FlowProblemCode.INVALID_VALUE, message)
    elif target.name not in SYSTEM_INPUT_PORTS and not compatible(source.kind, target.kind):
        message = f"{edge.source} is of kind {source.kind}, {edge.target} of kind {target.kind}."
        hint = conversion(source.kind, target.kind)
        message = f"{message} {hint}" if hint else message
        report.add(edge.path(), FlowProblemCode.TYPE_MISMATCH, message)


def _check_repetition(edge: DraftEdge, ends: Ends, seen: dict[Ends, DraftEdge], report: Report) -> None:
    if (first := seen.setdefault(ends, edge)) is not edge:
        message = f"The edge from {ends[0]} to {ends[1]} is there already."
        report.add(edge.path(), FlowProblemCode.MULTIPLE_SOURCES, message, first.path())
