"""Which node types there are, and how they present themselves."""

import pytest

from engine.nodes import BUILT_IN
from engine.ports import SYSTEM_PREFIX, Port

# Names are public: a flow names them, and so does everything that was written about flows. `!` is required, `*` many.
PORTS = {
    "flow.input": "name! schema default → value",
    "flow.output": "name! value! → value",
    "flow.branch": "condition! value → true false",
    "flow.switch": "value! cases! → default",
    "flow.gate": "open! value! → value",
    "flow.merge": "a b c d → value",
    "flow.collect": "items!* → items",
    "flow.fail": "message! code →",
    "flow.call": "flowId! inputs → outputs",
    "flow.map": "flowId! items! concurrency → results failed",
    "flow.repeat": "flowId! inputs until! maxTimes! → outputs times",
    "group": "→",
    **{f"value.{kind}": "value! → value" for kind in ("text", "markdown", "html", "number", "boolean")},
    **{f"value.{kind}": "value! → value" for kind in ("object", "array")},
    "value.coalesce": "values!* → result",
    "math.arithmetic": "a! b! operation! → result",
    "math.compare": "a! b! operation! → result",
    "math.round": "value! digits mode → result",
    "math.aggregate": "array! operation! → result",
    "math.random": "min max integer seed → result",
    "logic.and": "values!* → result",
    "logic.or": "values!* → result",
    "logic.not": "value! → result",
    "event.emit": "eventName! payload → childExecutionId",
    "event.listen": "eventName! → payload",
    "event.is_root": "→ result",
    "time.sleep": "durationMs! value → value",
    "time.sleep_until": "until! value → value",
    "time.now": "timeZone → iso epochMs",
    "time.parse": "text! format → iso epochMs",
    "time.format": "iso! format! timeZone → text",
    "time.add": "iso! durationMs! → iso",
    "signal.wait": "name! schema timeoutMs → payload",
    "http.request": "method url! headers bearer query body timeoutMs failOnStatus → status headers text json",
    "text.template": "template! values → text",
    "text.regex": "text! pattern! operation! replacement → result matched",
    "text.join": "parts! separator → text",
    "text.split": "text! separator! → parts",
    "text.replace": "text! search! replacement! → text",
    "text.case": "text! case! → text",
    "text.trim": "text! → text",
    "text.length": "text! → result",
    "text.search": "text! search! → result index",
    "text.encode": "text! encoding! decode → text",
    "number.format": "value! pattern → text",
    "number.parse": "text! → result",
    "enum.parse": "text! options! → result",
    "expr.cel": "expression! values → result",
    "json.parse": "text! → value",
    "yaml.parse": "text! → value",
    "csv.parse": "text! header delimiter → rows",
    "json.serialize": "value! indent → text",
    "yaml.serialize": "value! indent → text",
    "schema.infer": "value! → schema",
    "schema.validate": "value! schema! → valid errors",
    "array.map": "array! expression! values → result",
    "array.filter": "array! expression! values → result",
    "array.partition": "array! expression! values → matched rest",
    "array.group_by": "array! expression! values → result",
    "array.reduce": "array! expression! initial! values → result",
    "array.sort": "array! expression descending values → result",
    **{
        f"array.{name}": "array! → result"
        for name in ("unique", "reverse", "flatten", "length", "first", "last", "sum")
    },
    "array.element": "array! index! → result",
    "array.slice": "array! start end → result",
    "array.chunk": "array! size! → result",
    "array.pluck": "array! key! → result",
    "array.concat": "arrays!* → result",
    "array.zip": "arrays!* → result",
    "array.range": "start end! step → result",
    "object.keys": "object! → result",
    "object.values": "object! → result",
    "object.get": "object! path! default → result",
    "object.set": "object! path! value! → result",
    "object.pick": "object! keys! → result",
    "object.merge": "objects!* → result",
    "object.build": "entries! values → result",
    "id.uuid": "→ result",
    "hash.digest": "text! algorithm! → result",
    "url.build": "base! path query → url",
    "debug.log": "message! value → value",
    "secret.get": "name! → secret",
    "stream.buffer": "stream! → array",
    "stream.split": "array! → stream",
    "ai.chat": "connection! model! messages! temperature maxTokens → text stream usage",
    "ai.structured": "connection! model! messages! schema! → value usage",
    "ai.tools": "connection! model! messages! tools! maxRounds → text messages usage",
    "mcp.call_tool": "connection! name! arguments → result",
    "mcp.read_resource": "connection! name! arguments → result",
    "mcp.get_prompt": "connection! name! arguments → result",
}


def test_exactly_these_types_are_built_in() -> None:
    assert list(BUILT_IN) == sorted(PORTS)


@pytest.mark.parametrize("name", PORTS)
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
    for name in ("time.now", "math.random", "id.uuid", "time.sleep", "debug.log"):
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
        "object.build.entries",
    }
