"""A flow as SVG, light or dark as the viewer prefers."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from engine.document import GROUP, EdgeDocument, FlowDocument, NodeDocument
from engine.ports import ERROR_OUTPUTS
from tidegate.drawing.boxes import HEAD, PADDING, Box, Row, is_system, label_of
from tidegate.drawing.layout import Rectangle, lay_out
from tidegate.drawing.shapes import Point

STYLE = """
svg { --back: #ffffff; --box: #ffffff; --line: #c3c9d4; --text: #1b2330; --dim: #667085; --edge: #7d8aa0;
  --group: #f4f6fa; --wrong: #c9503f; background: var(--back); font: 12px ui-sans-serif, system-ui, sans-serif }
@media (prefers-color-scheme: dark) {
  svg { --back: #14181f; --box: #1e242e; --line: #3d4757; --text: #e8ecf3; --dim: #98a2b3; --edge: #8593aa;
    --group: #191f28; --wrong: #ef8575 }
}
.box { fill: var(--box); stroke: var(--line) }
.group { fill: var(--group); stroke: var(--line) }
.off { opacity: .55 }
.off .box, .off .group { stroke-dasharray: 5 4 }
.label { fill: var(--text); font-weight: 600; font-size: 13px }
.type, .value { fill: var(--dim) }
.type { font-size: 11px }
.port { fill: var(--text) }
.value { font-family: ui-monospace, monospace; font-size: 11px }
.end { text-anchor: end }
.dot { fill: var(--edge); stroke: var(--box) }
.edge { fill: none; stroke: var(--edge); stroke-width: 1.5 }
.system { stroke-dasharray: 1.5 4; stroke-linecap: round; stroke-width: 2 }
.wrong { stroke: var(--wrong) }
"""
CATEGORIES = 9
BAR = "".join(
    f".c{number} {{ fill: hsl({number * 360 // CATEGORIES + 205} 62% 55%) }}\n" for number in range(CATEGORIES)
)
BEND = 0.5


def svg(document: FlowDocument) -> str:
    """Draw a valid flow."""
    layout = lay_out(document)
    categories = list(dict.fromkeys(_category(node) for node in document.nodes))
    width, height = f"{layout.width:.0f}", f"{layout.height:.0f}"
    view = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    groups = [node for node in document.nodes if node.type == GROUP]
    outermost_first = sorted(groups, key=lambda node: -layout.places[node.id].width * layout.places[node.id].height)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {view} role="img">',
            f"<title>{_text(document.name)}</title>",
            f"<style>{STYLE}{BAR}</style>",
            *(_group(node, layout.places[node.id]) for node in outermost_first),
            *(
                _box(layout.boxes[node.id], layout.places[node.id], categories.index(_category(node)) % CATEGORIES)
                for node in document.nodes
                if node.type != GROUP
            ),
            *(_edge(edge, route) for edge, route in zip(document.edges, layout.routes, strict=True) if route),
            "</svg>\n",
        ]
    )


def _category(node: NodeDocument) -> str:
    return node.type.partition(".")[0]


def _group(node: NodeDocument, place: Rectangle) -> str:
    frame = f'<rect class="group" width="{place.width:.1f}" height="{place.height:.1f}" rx="12"/>'
    label = f'<text class="label" x="16" y="25">{_text(label_of(node))}</text>'
    return f"{_open(node, place)}{frame}{label}</g>"


def _open(node: NodeDocument, place: Rectangle) -> str:
    off = ' class="off"' if node.disabled else ""
    return f'<g transform="translate({place.x:.1f} {place.y:.1f})"{off}><title>{_text(node.id)}</title>'


def _box(box: Box, place: Rectangle, colour: int) -> str:
    parts = [
        _open(box.node, place),
        f'<rect class="box" width="{place.width:.1f}" height="{place.height:.1f}" rx="7"/>',
        f'<rect class="c{colour}" x="0" y="8" width="4" height="{HEAD - 16:.0f}" rx="2"/>',
        f'<text class="label" x="{PADDING:.0f}" y="18">{_text(box.label)}</text>',
        f'<text class="type" x="{PADDING:.0f}" y="33">{_text(box.node.type)}</text>',
        *(part for level, row in enumerate(box.rows) for part in _row(row, box.level(level), place.width)),
        "</g>",
    ]
    return "".join(parts)


def _row(row: Row, level: float, width: float) -> Iterator[str]:
    base = level + 4
    if row.input is not None:
        value = "" if row.value is None else f' <tspan class="value">{_text(row.value)}</tspan>'
        yield f'<text class="port" x="{PADDING:.0f}" y="{base:.1f}">{_text(row.input)}{value}</text>'
    if row.output is not None:
        yield f'<text class="port end" x="{width - PADDING:.1f}" y="{base:.1f}">{_text(row.output)}</text>'


def _edge(edge: EdgeDocument, route: Sequence[Point]) -> str:
    kind = "edge system" if is_system(edge) else "edge"
    if edge.source.port in ERROR_OUTPUTS:
        kind += " wrong"
    dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in (route[0], route[-1]))
    return f'<path class="{kind}" d="{_curve(route)}"><title>{_text(edge)}</title></path>{dots}'


def _curve(route: Sequence[Point]) -> str:
    """Through all points, level at each."""
    (x, y), *_ = route
    parts = [f"M{x:.1f} {y:.1f}"]
    for (x, y), (next_x, next_y) in pairwise(route):
        if abs(y - next_y) < 0.5:
            parts.append(f"L{next_x:.1f} {next_y:.1f}")
        else:
            bend = max(abs(next_x - x) * BEND, 24.0)
            parts.append(f"C{x + bend:.1f} {y:.1f} {next_x - bend:.1f} {next_y:.1f} {next_x:.1f} {next_y:.1f}")
    return "".join(parts)


def _text(given: object) -> str:
    return escape("".join(each if each.isprintable() else " " for each in str(given)))
