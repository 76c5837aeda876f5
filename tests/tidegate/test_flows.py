"""Flows built in Python are those that files have, and what is wrong with them is said where it is written."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidDocument
from engine.reading import Format, read_document
from tidegate.flow_text import flow_text
from tidegate.flows import Flow, FlowError, Retry, secret

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def order_total() -> Flow:
    flow = Flow("Order total", description=example("order-total")["description"])
    price = flow.input("price", schema={"type": "number"}, default=20)
    qty = flow.node("value.number", "qty", value=3)
    retry = Retry(max_attempts=3, initial_delay_ms=200)
    total = flow.node(
        "math.arithmetic", "total", a=price, b=qty.value, operation="multiply", retry=retry, timeout_ms=5000
    )
    flow.output("total", total.result, id="out")
    return flow


def branching() -> Flow:
    flow = Flow(
        "Shipping fee",
        description="Chooses a shipping fee by country and waives it for large orders. "
        "Nodes on the ways that are not taken are skipped.",
    )
    goods = flow.input("goods", title="Value of the goods", schema={"type": "number", "minimum": 0}, default=80)
    country = flow.input("country", schema={"type": "string"}, default="AT")
    is_large = flow.node("math.compare", "is_large", operation="ge", a=goods, b=150)
    waived = flow.node("flow.branch", "waived", condition=is_large)
    free = flow.node("value.number", "free", value=0, execute=waived.true)
    ways = {"home": "DE", "near": "AT", "near_too": "CH"}
    cases = [{"port": port, "equals": land} for port, land in ways.items()]
    zone = flow.node("flow.switch", "zone", cases=cases, value=country, execute=waived.false)
    home = flow.node("value.number", "home_fee", value=4.9, execute=zone.home)
    near = flow.node("value.number", "near_fee", value=9.5, execute=[zone.near, zone.near_too])
    far = flow.node("value.number", "far_fee", value=24, execute=zone.default)
    fee = flow.node("flow.merge", "fee", a=free, b=home, c=near, d=far)
    total = flow.node("math.arithmetic", "total", operation="add", a=goods, b=fee)
    flow.output("fee", fee)
    flow.output("total", total)
    return flow


def rollout() -> Flow:
    flow = Flow("Staged rollout", description=example("rollout")["description"])
    version = flow.input("version", schema={"type": "string"}, default="2.4.0")
    duration = {"type": "integer", "minimum": 0}
    watch_ms = flow.input("watchMs", id="watch_ms", title="How long to watch", schema=duration, default=1500)
    percent = "Failed requests in percent"
    failures = flow.input("failures", title=percent, schema={"type": "number"}, default=0.2)
    with flow.group("canary") as canary:
        line = flow.node("text.join", "canary_line", separator=" ")
        label = flow.node("value.text", "canary_label", value="canary runs")
        words = flow.node("flow.collect", "canary_words", items=[label, version])
        flow.connect(words, line, "parts")
        watch = flow.node("time.sleep", "watch", durationMs=watch_ms, value=line)
    is_healthy = flow.node("math.compare", "is_healthy", operation="le", b=1)
    verdict = flow.node("flow.branch", "verdict", execute=canary)
    flow.connect(failures, is_healthy, "a")
    flow.connect(is_healthy, verdict, "condition")
    with flow.group("fleet", execute=verdict.true):
        towns = ["europe", "america", "asia"]
        started = [flow.node("value.text", town, value=f"{town} runs") for town in towns]
    back = flow.node("value.text", "rolled_back", value="canary rolled back", execute=verdict.false)
    flow.output("steps", flow.node("flow.collect", "steps", items=[watch, *started, back]))
    return flow


def documented() -> Flow:
    """The flow in the documentation."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "flows.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    flow: Flow = names["flow"]
    return flow


def example(name: str) -> Any:
    return read_document((EXAMPLES / f"{name}.yaml").read_text(), Format.YAML).data


@pytest.mark.parametrize(
    ("name", "build"),
    [("order-total", order_total), ("order-total", documented), ("branching", branching), ("rollout", rollout)],
)
def test_a_flow_in_python_is_the_same_document_as_in_a_file(name: str, build: Callable[[], Flow]) -> None:
    flow = build()

    assert flow.document() == example(name)
    assert flow.validate().name == flow.document()["name"]
    assert read_document(flow.to_yaml(), Format.YAML).data == example(name)


def test_a_flow_is_written_as_people_write_it() -> None:
    text = order_total().to_yaml()

    assert "\nnodes:\n  - {id: price, type: flow.input, inputs: {name: " in text
    assert text.endswith("edges:\n  - {from: price.value, to: total.a}\n  - {from: qty.value, to: total.b}\n"
                         "  - {from: total.result, to: out.value}\n")  # fmt: skip
    assert all(len(line) <= 120 for line in text.splitlines())


def test_nodes_without_an_id_are_called_after_their_types() -> None:
    flow = Flow("Numbers")
    one, two = flow.node("value.number", value=1), flow.node("value.number", value=2)
    flow.output("sum", flow.node("math.arithmetic", operation="add", a=one, b=two))

    assert [node["id"] for node in flow.document()["nodes"]] == ["number", "number_2", "arithmetic", "sum_out"]
    flow.validate()


def test_all_that_a_node_can_have_comes_into_the_document() -> None:
    flow = Flow("All", metadata={"team": 7})
    source = flow.node("json.parse", "source", text="1")
    with flow.group("outer", title="Outside"), flow.group("inner"):
        flow.node(
            "http.request",
            "call",
            {"url": "https://example.com", "bearer": secret("shop")},
            title="Call",
            execute=source.error_message,
            after=[source, source.failed],
            timeout_ms=5,
            disabled=True,
            ui={"x": 1},
            body=None,
        )

    document = flow.document()
    assert document["metadata"] == {"team": 7}
    assert document["nodes"][1:3] == [
        {"id": "outer", "type": "group", "title": "Outside"},
        {"id": "inner", "type": "group", "parent": "outer"},
    ]
    assert document["nodes"][3] == {
        "id": "call",
        "type": "http.request",
        "title": "Call",
        "parent": "inner",
        "inputs": {"url": "https://example.com", "bearer": {"$secret": "shop"}, "body": None},
        "timeoutMs": 5,
        "disabled": True,
        "ui": {"x": 1},
    }
    assert [(edge["from"], edge["to"]) for edge in document["edges"]] == [
        ("source.__errorMessage", "call.__execute"),
        ("source.__success", "call.__after"),
        ("source.__error", "call.__after"),
    ]
    flow.validate()


MISTAKES: dict[str, tuple[Callable[[Flow, Any], Any], str]] = {
    "an unknown type": (
        lambda flow, text: flow.node("value.txt", value=""),
        "There is no node type 'value.txt'. Did you mean 'value.text'?",
    ),
    "an unknown input": (
        lambda flow, text: flow.node("math.compare", x=1),
        "The node type math.compare has no input 'x'; it has a, b, operation.",
    ),
    "an unknown output": (
        lambda flow, text: text.result,
        "The node 'text' (value.text) has no output 'result'; it has value, __success, __error, __errorMessage.",
    ),
    "one output of several": (
        lambda flow, text: flow.output("x", flow.node("flow.branch", condition=True)),
        "Say which output of the node 'branch' (flow.branch) is meant: true, false.",
    ),
    "kinds that do not fit": (
        lambda flow, text: flow.node("math.compare", a=text),
        "text.value is of kind string, compare.a of kind number.",
    ),
    "an edge to what must be a constant": (
        lambda flow, text: flow.node("flow.input", name=text),
        "The input 'name' of 'input' (flow.input) takes a constant only, because it shapes the node.",
    ),
    "edges and constants": (
        lambda flow, text: flow.node("flow.collect", items=[text, "x"]),
        "An output is inside of the constant for the input 'items'; only edges can bring it.",
    ),
    "an edge into a constant": (
        lambda flow, text: flow.node("text.template", template="", values={"name": [text]}),
        "An output is inside of the constant for the input 'values'; only edges can bring it.",
    ),
    "an edge twice": (
        lambda flow, text: flow.node("flow.collect", items=[text, text]),
        "The edge from text.value to collect.items is there already.",
    ),
    "an id twice": (
        lambda flow, text: flow.node("value.text", "text"),
        "There is a node 'text' already. Give another as id=…",
    ),
    "no id": (
        lambda flow, text: flow.input("last name"),
        "'last name' is no id: a letter, then up to 63 letters, digits, '_' or '-'. Give another as id=…",
    ),
    "another flow": (
        lambda flow, text: Flow("Other").node("value.text", "text", value=text),
        "The edge from text.value to text.value leaves this flow.",
    ),
}


@pytest.mark.parametrize(("mistake", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_at_once(mistake: Callable[[Flow, Any], Any], message: str) -> None:
    flow = Flow("Mistakes")
    text = flow.node("value.text", value="x")

    with pytest.raises(FlowError) as caught:
        mistake(flow, text)
    assert caught.value.message == message


def test_what_only_the_whole_flow_shows_is_told_by_validate() -> None:
    flow = Flow("Unfinished")
    flow.node("math.compare", operation="greater")

    with pytest.raises(InvalidDocument) as caught:
        flow.validate()
    assert {problem.path for problem in caught.value.problems} == {
        f"/nodes/0/inputs/{name}" for name in ("a", "b", "operation")
    }


def test_ports_are_not_taken_for_pythons_own_names() -> None:
    node = Flow("x").node("value.text", value="x")

    assert hasattr(node, "value")
    assert not hasattr(node, "result")
    assert not hasattr(node, "__deepcopy__")


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.sampled_from(["yes", "null", "1e5", ".5", "0x1F", "- x", "a: b", "a #b", "a\nb\n", "a\n\n b", " a\nb", "a\n\n"]),
)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(TEXTS, DATA, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_is_written_as_yaml_is_read_as_it_was(data: dict[str, Any]) -> None:
    read = read_document(flow_text(data), Format.YAML).data
    assert (repr(read), read) == (repr(data), data)
