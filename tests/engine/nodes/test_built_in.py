"""Which node types there are, and how they present themselves."""

import pytest

from engine.nodes import BUILT_IN
from engine.ports import SYSTEM_PREFIX, Port

NAMES = [
    *("array.filter", "array.first", "array.length", "array.map", "array.reduce", "array.slice"),
    *("array.sort", "array.unique"),
    *("debug.log",),
    *("event.emit", "event.is_root", "event.listen"),
    *("expr.cel",),
    *("flow.branch", "flow.call", "flow.collect", "flow.gate", "flow.input", "flow.map", "flow.merge", "flow.output"),
    *("flow.repeat", "flow.switch"),
    *("group",),
    *("http.request",),
    *("json.parse", "json.serialize"),
    *("logic.and", "logic.not", "logic.or"),
    *("math.aggregate", "math.arithmetic", "math.compare", "math.random", "math.round"),
    *("secret.get",),
    *("signal.wait",),
    *("text.join", "text.length", "text.regex", "text.split", "text.template"),
    *("time.add", "time.format", "time.now", "time.parse", "time.sleep", "time.sleep_until"),
    *("value.array", "value.boolean", "value.coalesce", "value.html", "value.markdown", "value.number"),
    *("value.object", "value.text"),
]

PORTS = {
    "flow.input": "name! schema default → value",
    "flow.output": "name! value! → value",
    "flow.branch": "condition! value → true false",
    "flow.switch": "value! cases! → default",
    "flow.gate": "open! value! → value",
    "flow.merge": "a b c d → value",
    "flow.collect": "items!* → items",
    "flow.call": "flowId! inputs → outputs",
    "flow.map": "flowId! items! concurrency → results failed",
    "flow.repeat": "flowId! inputs until! maxTimes! → outputs times",
    "event.emit": "eventName! payload → childExecutionId",
    "event.listen": "eventName! → payload",
    "event.is_root": "→ result",
    "signal.wait": "name! schema timeoutMs → payload",
    "group": "→",
    "value.number": "value! → value",
    "value.coalesce": "values!* → result",
    "math.arithmetic": "a! b! operation! → result",
    "math.compare": "a! b! operation! → result",
    "math.round": "value! digits mode → result",
    "math.aggregate": "array! operation! → result",
    "math.random": "min max integer seed → result",
    "logic.and": "values!* → result",
    "logic.not": "value! → result",
    "time.sleep": "durationMs! value → value",
    "time.sleep_until": "until! value → value",
    "time.now": "timeZone → iso epochMs",
    "time.parse": "text! format → iso epochMs",
    "time.format": "iso! format! timeZone → text",
    "time.add": "iso! durationMs! → iso",
    "secret.get": "name! → secret",
    "http.request": "method url! headers bearer query body timeoutMs failOnStatus → status headers text json",
    "text.template": "template! values → text",
    "text.regex": "text! pattern! operation! replacement → result matched",
    "text.join": "parts! separator → text",
    "text.split": "text! separator! → parts",
    "text.length": "text! → result",
    "json.parse": "text! → value",
    "json.serialize": "value! indent → text",
    "expr.cel": "expression! values → result",
    "array.map": "array! expression! values → result",
    "array.filter": "array! expression! values → result",
    "array.reduce": "array! expression! initial! values → result",
    "array.sort": "array! expression descending values → result",
    "array.unique": "array! → result",
    "array.length": "array! → result",
    "array.first": "array! → result",
    "array.slice": "array! start end → result",
    "debug.log": "message! value → value",
}


def test_exactly_these_types_are_built_in() -> None:
    assert list(BUILT_IN) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_type_and_every_port_is_described(name: str) -> None:
    ports = BUILT_IN[name].ports({})
    assert BUILT_IN[name].description.endswith(".")
    assert BUILT_IN[name].title
    for port in [*ports.inputs.values(), *ports.outputs.values()]:
        assert port.description, f"{name}.{port.name} has no description"
        assert not port.name.startswith(SYSTEM_PREFIX)


@pytest.mark.parametrize(("name", "expected"), PORTS.items())
def test_ports_have_their_public_names(name: str, expected: str) -> None:
    ports = BUILT_IN[name].ports({})
    shown = [*map(_shown, ports.inputs.values()), "→", *ports.outputs]
    assert " ".join(shown) == expected


def _shown(port: Port) -> str:
    return port.name + "!" * port.required + "*" * port.many


def test_a_harmless_type_that_gives_another_value_each_time_is_safe_but_not_pure() -> None:
    for name in ("time.now", "math.random", "time.sleep", "debug.log"):
        assert BUILT_IN[name].safe
        assert not BUILT_IN[name].pure


def test_a_request_is_neither_pure_nor_safe() -> None:
    assert not BUILT_IN["http.request"].safe
    assert not BUILT_IN["http.request"].pure


def test_only_what_shapes_a_node_has_to_be_constant() -> None:
    constants = {
        f"{name}.{port.name}"
        for name, node_type in BUILT_IN.items()
        for port in node_type.ports({}).inputs.values()
        if port.constant
    }
    assert constants == {
        *("flow.input.name", "flow.input.schema", "flow.input.default", "flow.output.name", "flow.switch.cases"),
        *("event.emit.eventName", "event.listen.eventName", "signal.wait.name", "signal.wait.schema"),
    }
