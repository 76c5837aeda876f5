"""What a process must know to run an execution: the ports that its flow relies on, and the format of its log.

A flow relies on the ports that its edges and constants touch, and on there being no required input that it leaves
out. So a node type may get more ports without a stored flow being the worse for it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping

import orjson

from engine.document import FlowDocument
from engine.ports import SYSTEM_PREFIX, Port, Ports
from engine.registry import NodeTypes, absence

LOG_FORMAT = 2
"""The newest format of logs, in which nodes may complete before the start, because they were taken over.

This code reads the logs of every format up to it.
"""

PLAIN_LOG_FORMAT = 1
"""The format of what is no fork: nothing comes before the start."""

Touched = tuple[str, str]
"""A side of a node, `input` or `output`, and the name of a port."""

Fact = tuple[str | bool | None, ...]


def pin(document: FlowDocument, node_types: NodeTypes) -> dict[str, str]:
    """A digest (SHA-256 in hex), by node type, of what the document relies on in its ports.

    Raises `KeyError` for a type that is not there.
    """
    touched = _touched(document)
    facts: dict[str, set[Fact]] = defaultdict(set)
    for node in document.nodes:
        facts[node.type].update(_facts(node_types[node.type].ports(node.inputs), touched[node.id]))
    return {name: _digest(facts[name]) for name in sorted(facts)}


def shortfall(document: FlowDocument, pinned: Mapping[str, str] | None, node_types: NodeTypes) -> str | None:
    """Why a document cannot be run with these node types, in words; None if it can.

    `pinned` is what `pin` gave when the document was stored; None if nothing was pinned: then every type only has to
    be there.
    """
    used = {node.type for node in document.nodes}
    if unknown := sorted(used - node_types.keys()):
        reasons = "".join(absence(name, node_types) for name in unknown)
        return f"It does not know the node type {', '.join(unknown)}.{reasons}"
    if changed := sorted(changed_types(document, pinned, node_types)):
        return f"The flow relies on other ports than those that it has of the node type {', '.join(changed)}."
    return None


def changed_types(document: FlowDocument, pinned: Mapping[str, str] | None, node_types: NodeTypes) -> frozenset[str]:
    """The node types of which a document relies on other ports than they have here; as `shortfall`, all being known."""
    now = {} if pinned is None else pin(document, node_types)
    return frozenset(name for name, digest in now.items() if digest != (pinned or {}).get(name))


def unknown_format(log_format: int) -> str | None:
    """Why a log of this format cannot be read, in words; None if it can."""
    return None if log_format <= LOG_FORMAT else f"It reads logs up to format {LOG_FORMAT}, not {log_format}."


def _touched(document: FlowDocument) -> Mapping[str, set[Touched]]:
    """The ports that edges and constants touch, by the id of their node; every node has the system ports."""
    touched: dict[str, set[Touched]] = defaultdict(set)
    for node in document.nodes:
        touched[node.id].update(("input", name) for name in node.inputs)
    for edge in document.edges:
        for side, (node_id, name) in (("output", edge.source), ("input", edge.target)):
            if not name.startswith(SYSTEM_PREFIX):
                touched[node_id].add((side, name))
    return touched


def _facts(ports: Ports, touched: set[Touched]) -> Iterator[Fact]:
    sides: Mapping[str, Mapping[str, Port]] = {"input": ports.inputs, "output": ports.outputs}
    for side, name in touched:
        port = sides[side].get(name)
        yield (side, name, port.kind, port.many, port.constant) if port else (side, name, None)
    for name, port in ports.inputs.items():
        if port.required and ("input", name) not in touched:
            yield "left out", name


def _digest(facts: set[Fact]) -> str:
    return hashlib.sha256(b"\n".join(sorted(orjson.dumps(fact) for fact in facts))).hexdigest()
