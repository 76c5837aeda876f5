"""The flows of the load, each with the outputs that it must come to whatever happens meanwhile."""

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.engine.graphs import graphs
from tests.engine.simulation import Prediction, Simulation, Tie
from tests.jobs.flows import Nodes, in_a_row, witness
from tests.jobs.nodes import Notes

Document = Mapping[str, Any]

SIGNAL = "go"
FASTER = 10_000
"""How many times shorter than in the engine's own tests the work of scripted nodes is."""

WAITS_FASTER = 800


class Flow(NamedTuple):
    """A document and what its executions come to: the flow's `outputs`, or those of each node that completes.

    `calls` is the document of the flow that its flow.map calls.
    """

    name: str
    document: Document
    outputs: Mapping[str, Any] | None = None
    node_outputs: Mapping[str, Mapping[str, Any]] | None = None
    calls: Document | None = None
    wants_signal: bool = False

    def calling(self, flow_id: str) -> Document:
        """The document, with the flow that it calls."""
        nodes = [
            {**node, "inputs": {**node["inputs"], "flowId": flow_id}} if node["type"] == "flow.map" else node
            for node in self.document["nodes"]
        ]
        return {**self.document, "nodes": nodes}


def document(name: str, nodes: Nodes, edges: Iterable[tuple[str, str]]) -> Document:
    """A flow document."""
    wires = [{"from": source, "to": target} for source, target in edges]
    return {"tidegate": 1, "name": name, "nodes": nodes, "edges": wires}


def _output(name: str = "value") -> dict[str, Any]:
    return {"id": "out", "type": "flow.output", "inputs": {"name": name}}


def _sleep(milliseconds: int) -> dict[str, Any]:
    return {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": milliseconds}}


def _in_a_row(name: str, nodes: Nodes) -> Document:
    last = nodes[-1]["id"]
    return document(name, [*nodes, _output()], [*in_a_row(nodes), (f"{last}.value", "out.value")])


def witnessed_flows(path: Path) -> list[Flow]:
    """Flows whose nodes have effects that are noted in a file."""
    notes = Notes(path)
    a, b, c = (witness(name, notes) for name in "abc")
    row = [a, _sleep(30), b, c]
    wide = [witness(f"w{number}", notes) for number in range(4)]
    fan = [(f"{a['id']}.__success", f"{each['id']}.__execute") for each in wide]
    fan += [(f"{each['id']}.__success", "c.__after") for each in wide]
    sleeper = [a, _sleep(1200), b]
    return [
        Flow("row", _in_a_row("row", row), {"value": "c"}),
        Flow("wide", document("wide", [a, *wide, c, _output()], [*fan, ("c.value", "out.value")]), {"value": "c"}),
        Flow("sleeper", _in_a_row("sleeper", sleeper), {"value": "b"}),
        _signalled(a, b),
        _family(a, b),
    ]


def _signalled(before: dict[str, Any], after: dict[str, Any]) -> Flow:
    wait = {"id": "wait", "type": "signal.wait", "inputs": {"name": SIGNAL}}
    nodes = [before, wait, after, _output()]
    edges = [*in_a_row([before, wait, after]), ("wait.payload", "out.value")]
    return Flow("signalled", document("signalled", nodes, edges), {"value": {"by": SIGNAL}}, wants_signal=True)


def _family(before: dict[str, Any], work: dict[str, Any]) -> Flow:
    number = {"id": "number", "type": "flow.input", "inputs": {"name": "number", "schema": {"type": "number"}}}
    wires = [("number.value", "b.value"), ("b.value", "out.value")]
    child = document("child", [number, work, _output("number")], wires)
    many = {"id": "many", "type": "flow.map", "inputs": {"items": [1, 2, 3]}}
    edges = [("a.__success", "many.__execute"), ("many.results", "out.value")]
    parent = document("family", [before, many, _output()], edges)
    return Flow("family", parent, {"value": [{"number": each} for each in (1, 2, 3)]}, calls=child)


def random_flows(number: int, count: int) -> list[Flow]:
    """`count` random flows of scripted nodes, the same for the same number."""
    found: list[Flow] = []

    @seed(number)
    @settings(
        max_examples=count * 4,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(graphs(has_races=False, most=8))
    def collect(given_document: Document) -> None:
        if predicted := _predict(given_document):
            found.append(Flow("random", _hurried(given_document), node_outputs=predicted))

    collect()
    longest = sorted(found, key=lambda flow: len(flow.node_outputs or ()), reverse=True)[: 2 * count]
    return random.Random(number).sample(longest, min(count, len(longest)))


def _predict(given_document: Document) -> Mapping[str, Mapping[str, Any]] | None:
    """The nodes that complete, with their outputs; None if the rules leave that open."""
    unhurried = {**given_document, "nodes": [_without_limit(node) for node in given_document["nodes"]]}
    try:
        story: Prediction = Simulation(unhurried, is_strict=False, slots=50).run()
    except Tie:
        return None
    return story.outputs


def _hurried(given_document: Document) -> Document:
    return {**given_document, "nodes": [_hurried_node(_without_limit(node)) for node in given_document["nodes"]]}


def _without_limit(node: Document) -> dict[str, Any]:
    """How long a node takes on a busy machine is nobody's to say, so it may take as long as it likes."""
    return {key: value for key, value in node.items() if key != "timeoutMs"}


def _hurried_node(node: dict[str, Any]) -> dict[str, Any]:
    hurried = dict(node)
    if does := node["inputs"].get("does"):
        script = {**does, "lasts": does["lasts"] // FASTER, "waits": does["waits"] // WAITS_FASTER}
        hurried["inputs"] = {**node["inputs"], "does": script}
    if retry := node.get("retry"):
        delays = {key: max(retry[key] // FASTER, 1) for key in ("initialDelayMs", "maxDelayMs")}
        hurried["retry"] = {**retry, **delays}
    return hurried
