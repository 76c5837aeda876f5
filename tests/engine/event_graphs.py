"""Random flows with listeners: anywhere in a flow, or in generations whose children are known beforehand."""

from collections.abc import Mapping
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from engine.errors import TidegateError
from engine.validation import load_document
from tests.engine.commanded import emit, listen
from tests.engine.graphs import graphs
from tests.engine.running import Document, work
from tests.engine.scripted import SCRIPTED

EVENTS = ("red", "blue")


@st.composite
def listening_graphs(draw: DrawFn) -> Document:
    """Flows in which any node may hang on listeners, in and out of groups."""
    document = draw(graphs(has_races=False, most=10))
    nodes, edges = list(document["nodes"]), list(document["edges"])
    groups = [node["id"] for node in nodes if node["type"] == "group"]
    for number in range(draw(st.integers(1, 3))):
        group = draw(st.sampled_from([None, *groups]))
        settings = {"parent": group} if group else {}
        for target in draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=2, unique_by=lambda node: node["id"])):
            edges.append({"from": f"l{number}.payload", "to": f"{target['id']}.{_port(draw, target)}"})
        nodes.append(listen(f"l{number}", draw(st.sampled_from(EVENTS)), **settings))
    return _valid({**document, "nodes": draw(st.permutations(nodes)), "edges": draw(st.permutations(edges))})


def _port(draw: DrawFn, target: Mapping[str, Any]) -> str:
    careful = target["type"].startswith("test.") and "a" not in target["inputs"]
    return draw(st.sampled_from(["__execute", "__after", *(["items"] if careful else [])]))


def _valid(document: Document) -> Document:
    """The document, if no circle came about."""
    try:
        load_document(document, SCRIPTED)
    except TidegateError:
        assume(False)
    return document


@st.composite
def generations(draw: DrawFn) -> Document:
    """Flows that emit `red`, whose listeners emit `blue`; what listens there emits nothing."""
    document = draw(graphs(has_races=False, most=5))
    nodes, edges = list(document["nodes"]), list(document["edges"])
    sources = [node["id"] for node in nodes if node["type"].startswith("test.")]
    for event in EVENTS:
        for number in range(draw(st.integers(1, 2)) if sources else 0):
            source = draw(st.sampled_from(sources))
            nodes.append(emit(f"{event}{number}", event, number))
            edges.append({"from": f"{source}.__success", "to": f"{event}{number}.__execute"})
        tail, own = f"tail-{event}", draw(st.sampled_from(["test.effect", "test.safe", "test.pure"]))
        nodes += [listen(f"on-{event}", event), work(tail, own, lasts=draw(st.integers(0, 10_000)))]
        edges.append({"from": f"on-{event}.payload", "to": f"{tail}.a"})
        if sources and draw(st.booleans()):
            edges.append({"from": f"{draw(st.sampled_from(sources))}.__success", "to": f"{tail}.__after"})
        sources = [tail]
    return _valid({**document, "nodes": draw(st.permutations(nodes)), "edges": edges})
