"""Random flows with listeners: anywhere in a flow, or in generations whose children are known beforehand."""

from collections.abc import Mapping
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from engine.errors import TidegateError
from engine.validation import load_document
from tests.engine.commanded import emit, listen, node
from tests.engine.graphs import graphs
from tests.engine.running import Document, flow, output, work
from tests.engine.scripted import SCRIPTED

EVENTS = ("red", "blue")


@st.composite
def listening_graphs(draw: DrawFn) -> Document:
    """Flows in which any node may hang on listeners, in and out of groups."""
    document = draw(graphs(has_races=False, most=10))
    nodes, edges = list(document["nodes"]), list(document["edges"])
    groups = [each["id"] for each in nodes if each["type"] == "group"]
    for number in range(draw(st.integers(1, 3))):
        group = draw(st.sampled_from([None, *groups]))
        settings = {"parent": group} if group else {}
        for target in draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=2, unique_by=lambda each: each["id"])):
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


CALLED: Mapping[str, Document] = {
    "leaf": flow(
        node("in", "flow.input", name="item"), work("w", "test.effect", lasts=3000), output("o"), output("item"),
        edges=["in.value > w.a", "w.x > o.value", "in.value > item.value"],
    ),
    "bad": flow(node("in", "flow.input", name="item"), work("w", "test.effect", lasts=2000, fails=-1)),
    "middle": flow(
        node("in", "flow.input", name="item"), node("call", "flow.map", flowId="leaf", items=[1, 2]), output("o"),
        edges=["in.value > o.__after", "call.results > o.value"],
    ),
}  # fmt: skip
"""Flows that random flows call."""

RESULTS = {"flow.call": "outputs", "flow.map": "results", "flow.repeat": "outputs"}


@st.composite
def _callers(draw: DrawFn, node_id: str) -> Mapping[str, Any]:
    """A node that calls."""
    flow_id = draw(st.sampled_from([*CALLED, "leaf"]))
    match draw(st.sampled_from([*RESULTS])):
        case "flow.map":
            items, window = draw(st.lists(st.integers(0, 9), max_size=4)), draw(st.sampled_from([None, 1, 2]))
            return node(node_id, "flow.map", flowId=flow_id, items=items, **({"concurrency": window} if window else {}))
        case "flow.repeat":
            return node(node_id, "flow.repeat", flowId=flow_id, inputs={"item": 0}, until="false", maxTimes=2)
        case type_:
            return node(node_id, type_, flowId=flow_id, inputs={"item": 0})


@st.composite
def generations(draw: DrawFn) -> Document:
    """Flows that call others and emit `red`, whose listeners emit `blue`; what listens there emits nothing."""
    document = draw(graphs(has_races=False, most=5))
    nodes, edges = list(document["nodes"]), list(document["edges"])
    sources = [each["id"] for each in nodes if each["type"].startswith("test.")]
    for number in range(draw(st.integers(0, 2))):
        nodes += [draw(_callers(f"call{number}")), output(f"called{number}")]
        edges.append({"from": f"call{number}.{RESULTS[nodes[-2]['type']]}", "to": f"called{number}.value"})
        for source in draw(st.lists(st.sampled_from(sources), max_size=1)) if sources else ():
            edges.append({"from": f"{source}.__success", "to": f"call{number}.__after"})
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
