"""What a drawing shows of a flow: a box for each node, with its ports in rows, and the edges between them."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from engine.document import GROUP, EdgeDocument, FlowDocument, NodeDocument
from engine.ports import SYSTEM_PREFIX

CELL = 6.7
"""About how wide a character is, in pixels; wide ones take two cells."""
HEAD, ROW, PADDING = 42.0, 19.0, 12.0
NARROWEST = 120.0
LONGEST_NAME, LONGEST_VALUE = 30, 22


@dataclass(frozen=True, slots=True)
class Row:
    """What is on one level of a box: an input, with its constant if it has one, and an output."""

    input: str | None = None
    value: str | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A node as it is drawn; `width` and `height` are in pixels."""

    node: NodeDocument
    label: str
    rows: Sequence[Row]

    @property
    def width(self) -> float:
        widths = [cell_len(self.label) * 1.1, cell_len(self.node.type), *(_cells(row) for row in self.rows)]
        return max(NARROWEST, max(widths) * CELL + 2 * PADDING)

    @property
    def height(self) -> float:
        return HEAD + len(self.rows) * ROW + (PADDING / 2 if self.rows else 0)

    def level(self, number: int) -> float:
        """How far below its top a row is."""
        return HEAD + (number + 0.5) * ROW

    def input_level(self, port: str) -> float:
        """How far below its top edges to an input arrive."""
        return self.level([row.input for row in self.rows].index(port))

    def output_level(self, port: str) -> float:
        """How far below its top edges from an output leave."""
        return self.level([row.output for row in self.rows].index(port))


def boxes_of(document: FlowDocument) -> Mapping[str, Box]:
    """The boxes of all nodes but groups, by the ids of the nodes."""
    inputs, outputs = _connected(document.edges)
    return {
        node.id: Box(node, label_of(node), list(_rows(node, inputs[node.id], outputs[node.id])))
        for node in document.nodes
        if node.type != GROUP
    }


def label_of(node: NodeDocument) -> str:
    """What a node is called in a drawing."""
    return _short(node.title or node.id, LONGEST_NAME)


def is_system(edge: EdgeDocument) -> bool:
    """Whether an edge only says when something runs."""
    return edge.target.port.startswith(SYSTEM_PREFIX)


def _connected(edges: Sequence[EdgeDocument]) -> tuple[Mapping[str, dict[str, None]], Mapping[str, dict[str, None]]]:
    inputs: Mapping[str, dict[str, None]] = defaultdict(dict)
    outputs: Mapping[str, dict[str, None]] = defaultdict(dict)
    for edge in edges:
        outputs[edge.source.node][edge.source.port] = None
        inputs[edge.target.node][edge.target.port] = None
    return inputs, outputs


def _rows(node: NodeDocument, inputs: Mapping[str, None], outputs: Mapping[str, None]) -> Iterator[Row]:
    """System ports first, then constants; the outputs on the same levels from the top."""
    plain = {name: _value(data) for name, data in node.inputs.items() if name not in inputs}
    names = sorted(inputs, key=lambda name: not name.startswith(SYSTEM_PREFIX))
    lefts = [*((name, None) for name in names), *plain.items()]
    rights = list(outputs)
    for level in range(max(len(lefts), len(rights))):
        name, value = lefts[level] if level < len(lefts) else (None, None)
        yield Row(name, value, rights[level] if level < len(rights) else None)


def _cells(row: Row) -> float:
    left = cell_len(row.input or "") + (cell_len(row.value) + 2 if row.value is not None else 0)
    return left + (cell_len(row.output) + 3 if row.output else 0)


def _value(data: Any) -> str:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return _short(" ".join(text.split()), LONGEST_VALUE)


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
