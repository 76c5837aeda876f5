"""A flow as a flowchart of Mermaid (mermaid.js.org/syntax/flowchart.html), which many web pages of code draw."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from engine.document import GROUP, EdgeDocument, FlowDocument, NodeDocument
from tidegate.drawing.boxes import is_system, label_of

RESERVED = frozenset(
    {
        *("call", "class", "classdef", "click", "default", "direction", "end", "flowchart", "graph", "href"),
        *("interpolate", "linkstyle", "style", "subgraph"),
    }
)
OFF = "off"
_MEANINGFUL = re.compile(r"[\"#$%&*;<>@\[\\\]^`{|}~]")

Members = Mapping[str | None, Sequence[NodeDocument]]


def mermaid(document: FlowDocument) -> str:
    """Write a valid flow."""
    names = _names(document.nodes)
    members: dict[str | None, list[NodeDocument]] = defaultdict(list)
    for node in document.nodes:
        members[node.parent].append(node)
    disabled = [names[node.id] for node in document.nodes if node.disabled]
    lines = [
        *("---", f"title: {json.dumps(document.name, ensure_ascii=False)}", "---", "flowchart LR"),
        *_nodes(members, None, names, "  "),
        *(f"  {_edge(edge, names)}" for edge in document.edges),
    ]
    if disabled:
        lines += [f"  classDef {OFF} stroke-dasharray: 5 4, opacity: 0.6", f"  class {','.join(disabled)} {OFF}"]
    return "\n".join(lines) + "\n"


def _names(nodes: Sequence[NodeDocument]) -> Mapping[str, str]:
    """A name in Mermaid for each id: the id itself where it can be one."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for node in nodes:
        name = node.id.replace("-", "_")
        while name in taken or name.lower() in RESERVED:
            name += "_"
        taken.add(name)
        names[node.id] = name
    return names


def _nodes(members: Members, group: str | None, names: Mapping[str, str], indent: str) -> Iterator[str]:
    for node in members.get(group, ()):
        if node.type == GROUP:
            yield f"{indent}subgraph {names[node.id]}[{_quoted(label_of(node))}]"
            yield from _nodes(members, node.id, names, f"{indent}  ")
            yield f"{indent}end"
        else:
            label = f"{_escaped(label_of(node))}<br><small>{_escaped(node.type)}</small>"
            yield f'{indent}{names[node.id]}["{label}"]'


def _edge(edge: EdgeDocument, names: Mapping[str, str]) -> str:
    arrow = "-.->" if is_system(edge) else "-->"
    label = _quoted(f"{edge.source.port} → {edge.target.port}")
    return f"{names[edge.source.node]} {arrow}|{label}| {names[edge.target.node]}"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Text in a label: whatever could mean something to Mermaid, HTML or Markdown, by its number."""
    return _MEANINGFUL.sub(lambda found: f"#{ord(found[0])};", " ".join(text.split()))
