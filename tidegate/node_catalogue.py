"""The catalogue of the built-in nodes, as docs/nodes.md has it."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from engine.node import AnyNode
from engine.nodes import BUILT_IN
from engine.ports import Port, PortKind
from engine.status import JoinMode
from tidegate.tables import table

NodeType = type[AnyNode]


def node_index() -> str:
    """The names of all types by category, each of which leads to its description."""
    rows = ((name, ", ".join(map(_link, types))) for name, types in _categories())
    return table(("category", "types"), rows)


def node_descriptions() -> str:
    """Each type by category: what it does, what it promises, and its ports."""
    return "\n\n".join(
        part for name, types in _categories() for part in (f"## {name}", *(_description(each) for each in types))
    )


def _categories() -> Iterator[tuple[str, list[NodeType]]]:
    types = sorted(BUILT_IN.values(), key=lambda each: (each.category, each.type))
    return ((name, list(group)) for name, group in groupby(types, key=lambda each: each.category))


def _link(node_type: NodeType) -> str:
    return f"[{node_type.type}](#{node_type.type.replace('.', '')})"


def _description(node_type: NodeType) -> str:
    marks = ", ".join(_marks(node_type))
    parts = [f"### `{node_type.type}`", f"{_prose(node_type.description)} *({marks})*", _ports(node_type)]
    return "\n\n".join(filter(None, parts))


def _marks(node_type: NodeType) -> Iterator[str]:
    if node_type.engine_run:
        yield "run by the engine itself"
    elif node_type.pure:
        yield "pure"
    else:
        yield "safe" if node_type.safe else "with effects"
    if node_type.join is JoinMode.ANY:
        yield "runs on the first input that is there"


def _ports(node_type: NodeType) -> str:
    ports, fields = node_type.ports({}), node_type.input_model.model_json_schema()["properties"]
    inputs = ((f"→ `{port.name}`", port, _input_marks(port, fields)) for port in ports.inputs.values())
    outputs = ((f"`{port.name}` →", port, "") for port in ports.outputs.values())
    rows = [(name, _kind(port), marks, _prose(port.description or "")) for name, port, marks in (*inputs, *outputs)]
    return table(("port", "kind", "", "meaning"), rows) if rows else ""


def _kind(port: Port) -> str:
    members = port.schema.get("enum", ()) if port.kind is PortKind.ENUM else ()
    return f"{port.kind}: {', '.join(members)}" if members else port.kind


def _input_marks(port: Port, fields: Mapping[str, Any]) -> str:
    default = fields.get(port.name, {}).get("default")
    marks = {
        "required" if port.required else "optional": True,
        "many": port.many,
        "constant": port.constant,
        f"else `{_shown(default)}`": default not in (None, "", {}),
    }
    return ", ".join(name for name, has in marks.items() if has)


def _shown(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _prose(text: str) -> str:
    """The text so that Markdown takes no < outside of code for a tag."""
    parts = text.split("`")
    return "`".join(part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(parts))
