"""Flows as drawings: Mermaid's text, and the SVG with its layout."""

import random
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from engine.document import GROUP, FlowDocument, parse_document
from engine.reading import Format, read_document
from tidegate.cli import main
from tidegate.drawing.layout import Layout, Rectangle, lay_out
from tidegate.drawing.mermaid import mermaid
from tidegate.drawing.svg import svg
from tidegate.reference import DRAWING, DRAWN

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = """\
tidegate: 1
name: 'A "name" <b>'
nodes:
  - {id: end, type: group, title: 'A "]" group'}
  - {id: a-b, type: value.text, parent: end, title: '<script>alert(1)</script>', inputs: {value: "#quot; \\x07"}}
  - {id: a_b, type: value.text, disabled: true}
edges:
  - {from: a-b.value, to: a_b.value}
  - {from: end.__error, to: a_b.__after}
"""


def read(text: str) -> FlowDocument:
    return parse_document(read_document(text, Format.YAML).data)


def test_mermaid_gets_groups_ports_and_disabled_nodes_with_nothing_that_it_could_take_for_its_own() -> None:
    assert (
        mermaid(read(HOSTILE))
        == """\
---
title: "A \\"name\\" <b>"
---
flowchart LR
  subgraph end_["A #34;#93;#34; group"]
    a_b["#60;script#62;alert(1)#60;/script#62;<br><small>value.text</small>"]
  end
  a_b_["a_b<br><small>value.text</small>"]
  a_b -->|"value → value"| a_b_
  end_ -.->|"__error → __after"| a_b_
  classDef off stroke-dasharray: 5 4, opacity: 0.6
  class a_b_ off
"""
    )


def test_the_svg_is_well_formed_and_shows_labels_as_they_are() -> None:
    root = ElementTree.fromstring(svg(read(HOSTILE)))

    labels = [element.text for element in root.iter(f"{SVG}text") if element.get("class") == "label"]
    assert labels == ['A "]" group', "<script>alert(1)</script>", "a_b"]
    assert [element.text for element in root.iter(f"{SVG}tspan")] == ["#quot;  "]
    assert [path.get("class") for path in root.iter(f"{SVG}path")] == ["edge", "edge system wrong"]
    assert [group.get("class") for group in root.iter(f"{SVG}g")] == [None, None, "off"]


def test_the_drawing_in_the_documentation_is_what_the_code_draws() -> None:
    """Run `python -m tidegate.reference` to draw it anew."""
    assert DRAWING.read_text(encoding="utf-8") == svg(read(DRAWN.read_text(encoding="utf-8")))


def scattered(seed: int) -> FlowDocument:
    """A flow of nodes and nested groups with edges at random, as a document that need not be valid otherwise."""
    chance = random.Random(seed)
    groups = [{"id": f"g{number}", "type": GROUP} for number in range(chance.randrange(4))]
    for number, group in enumerate(groups[1:]):
        group |= chance.choice([{}, {"parent": f"g{number}"}])
    nodes = [{"id": f"n{number}", "type": "value.text"} for number in range(chance.randrange(1, 25))]
    for node in nodes:
        node |= {"parent": chance.choice(groups)["id"]} if groups and chance.random() < 0.5 else {}
    ends = [(source, target) for source, target in combinations(nodes, 2) if chance.random() < 0.1]
    edges = [{"from": f"{source['id']}.value", "to": f"{target['id']}.value"} for source, target in ends]
    return parse_document({"tidegate": 1, "name": "x", "nodes": [*groups, *nodes], "edges": edges})


FLOWS = [*(read(path.read_text()) for path in EXAMPLES), *map(scattered, range(60))]


def inside(inner: Rectangle, outer: Rectangle) -> bool:
    return (
        outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.y + inner.height < outer.y + outer.height
    )


def apart(one: Rectangle, other: Rectangle) -> bool:
    return (
        one.x + one.width < other.x
        or other.x + other.width < one.x
        or one.y + one.height < other.y
        or other.y + other.height < one.y
    )


@pytest.mark.parametrize("document", FLOWS, ids=lambda document: document.name)
def test_nothing_covers_anything_else(document: FlowDocument) -> None:
    layout = lay_out(document)

    nodes = {node.id: node for node in document.nodes}
    assert layout.places.keys() == nodes.keys()
    for node in document.nodes:
        frame = layout.places[node.parent] if node.parent else Rectangle(0, 0, layout.width, layout.height)
        assert inside(layout.places[node.id], frame)
    for one, other in combinations(document.nodes, 2):
        if one.parent == other.parent:
            assert apart(layout.places[one.id], layout.places[other.id])


def crossed(layout: Layout, document: FlowDocument) -> list[str]:
    """What edges go through, wherever they are level; elsewhere they are between columns."""
    return [
        f"{edge} through {id}"
        for edge, route in zip(document.edges, layout.routes, strict=True)
        for (x, y), (next_x, next_y) in pairwise(route)
        for id, place in layout.places.items()
        if id in layout.boxes and y == next_y
        if x < place.x + place.width - 1 and place.x + 1 < next_x and place.y < y < place.y + place.height
    ]


@pytest.mark.parametrize("document", FLOWS, ids=lambda document: document.name)
def test_edges_go_from_port_to_port_and_through_no_node(document: FlowDocument) -> None:
    layout = lay_out(document)

    for edge, route in zip(document.edges, layout.routes, strict=True):
        source, target = layout.places[edge.source.node], layout.places[edge.target.node]
        assert route[0][0] == pytest.approx(source.x + source.width)
        assert source.y < route[0][1] < source.y + source.height
        assert route[-1][0] == pytest.approx(target.x)
        assert target.y < route[-1][1] < target.y + target.height
    assert crossed(layout, document) == []


def test_graph_writes_what_the_name_of_the_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flow.svg"

    assert main(["graph", "examples/rollout.yaml", "--output", str(path)]) == 0
    assert ElementTree.parse(path).getroot().tag == f"{SVG}svg"
    assert main(["graph", "examples/rollout.yaml"]) == 0
    assert capsys.readouterr().out.startswith('---\ntitle: "Staged rollout"\n---\nflowchart LR\n')
    assert main(["graph", "examples/rollout.yaml", "--output", str(tmp_path / "no" / "such")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_flow_that_is_wrong_is_not_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text("tidegate: 1\nname: x\nnodes: [{id: a, type: no.such}]\n")

    assert main(["graph", str(path)]) == 1
    assert "There is no node type 'no.such'." in capsys.readouterr().err
