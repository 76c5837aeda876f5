"""Flows that ChainGraph has exported become documents of ours, and what cannot is named and kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.nodes import BUILT_IN
from engine.reading import Format, read_document
from engine.validation import check_document
from tidegate.chaingraph.conversion import Conversion, convert
from tidegate.chaingraph.counterparts import COUNTERPARTS, Counterpart
from tidegate.chaingraph.export import NoExport, read_export
from tidegate.cli import main

EXPORTS = Path(__file__).parent / "chaingraph"


def converted(data: Any) -> Conversion:
    conversion = convert(read_export(data), BUILT_IN)
    assert check_document(conversion.document, BUILT_IN)[1] == []
    return conversion


def exported(name: str) -> Any:
    return json.loads((EXPORTS / f"{name}.json").read_text())


def node(conversion: Conversion, id: str) -> Any:
    (found,) = (node for node in conversion.document["nodes"] if node["id"] == id)
    return found


def edges(conversion: Conversion) -> list[tuple[str, str]]:
    return [(edge["from"], edge["to"]) for edge in conversion.document["edges"]]


def test_nodes_become_those_that_do_the_same_with_their_titles_places_groups_and_constants() -> None:
    conversion = converted(exported("orders"))

    assert conversion.document["name"] == "Orders"
    assert conversion.document["metadata"] == {"chaingraph": {"id": "V2orders"}}
    assert node(conversion, "price") == {
        "id": "price",
        "type": "value.number",
        "title": "Price",
        "inputs": {"value": 20},
        "parent": "prices",
        "ui": {"position": {"x": 10, "y": 40}, "chaingraph": {"id": "NOprice", "type": "NumberNode"}},
    }
    assert node(conversion, "prices")["type"] == "group"
    assert node(conversion, "sum")["inputs"] == {"b": 1.5, "operation": "add"}
    assert "inputs" not in node(conversion, "as_text")
    assert ("sum.__success", "say_it.__execute") in edges(conversion)


def test_an_input_that_is_passed_on_is_taken_from_where_it_comes_or_from_a_node_of_its_own() -> None:
    conversion = converted(exported("orders"))

    assert ("price.value", "average.a") in edges(conversion)
    assert node(conversion, "sum_b") == {"id": "sum_b", "type": "value.number", "inputs": {"value": 1.5}}
    assert ("sum_b.value", "ask_a_model.b") in edges(conversion)


def gate(number: int) -> Any:
    return {"id": f"n{number}", "metadata": {"type": "AndNode", "title": f"n{number}"}}


def joined(*ends: str) -> Any:
    """An edge between two ports such as `n1.inputX`."""
    (source, source_port), (target, target_port) = (end.split(".") for end in ends)
    return {
        "sourceNodeId": source,
        "sourcePortId": source_port,
        "targetNodeId": target,
        "targetPortId": target_port,
    }


@pytest.mark.timeout(60)
def test_inputs_that_are_passed_on_from_node_to_node_are_followed_once_however_many_ways_there_are() -> None:
    ports = ("inputX", "inputY")
    first = {"id": "n0", "metadata": {"type": "BooleanNode", "title": "n0"}}
    ways = [joined("n0.flag", f"n1.{port}") for port in ports]
    for number in range(1, 1500):
        ways += [joined(f"n{number}.{source}", f"n{number + 1}.{target}") for source in ports for target in ports]
    nodes = [first, *map(gate, range(1, 1501))]

    conversion = converted({"nodes": nodes, "edges": ways[::-1]})

    assert set(edges(conversion)) == {("n0.value", f"n{number}.values") for number in range(1, 1501)}


def test_inputs_that_are_passed_on_in_a_circle_come_from_nowhere() -> None:
    circle = [joined("n1.inputX", "n2.inputX"), joined("n2.inputX", "n1.inputX")]
    conversion = converted({"nodes": [gate(1), gate(2)], "edges": circle})

    assert conversion.dropped[0] == "n1.inputX → n2.inputX: the input 'inputX' is passed on to itself"


def test_what_has_no_counterpart_or_does_not_fit_is_kept_disabled_with_all_that_it_was() -> None:
    conversion = converted(exported("orders"))

    model = node(conversion, "ask_a_model")
    assert (model["title"], model["disabled"], model["ui"]["position"]) == ("Ask a model", True, {"x": 500, "y": 7})
    (original,) = (each for each in exported("orders")["nodes"] if each["id"] == "NOmodel")
    assert model["ui"]["chaingraph"]["node"] == original
    assert {("as_text.text", "ask_a_model.a"), ("ask_a_model.value", "say_it.message")} < set(edges(conversion))
    assert conversion.disabled["ask_a_model"] == "nothing does what a LLMCallNode does"
    assert conversion.disabled["average"].startswith("inputs/operation: Input should be 'add'")


def test_the_older_form_is_read_too_and_parts_of_objects_and_cases_are_taken_along() -> None:
    conversion = converted(exported("ways"))

    assert (conversion.mapped, conversion.disabled, conversion.dropped) == (7, {}, [])
    cases = [{"port": "is_AT", "equals": "AT"}, {"port": "is_DE", "equals": "DE"}]
    assert node(conversion, "where_to")["inputs"] == {"cases": cases}
    assert node(conversion, "order_country")["inputs"] == {"path": "country"}
    assert edges(conversion)[:4] == [
        ("order.value", "order_country.object"),
        ("order_country.result", "where_to.value"),
        ("where_to.is_AT", "text_node.__execute"),
        ("where_to.default", "text_node_2.__execute"),
    ]


def test_a_constant_of_one_of_many_gets_a_node_and_a_request_its_address() -> None:
    conversion = converted(exported("ways"))

    assert {("not.result", "both.values"), ("both_inputy.value", "both.values")} < set(edges(conversion))
    assert node(conversion, "both_inputy")["inputs"] == {"value": True}
    assert node(conversion, "call")["inputs"] == {
        "url": "https://shop.example/orders",
        "failOnStatus": False,
        "headers": {"Content-Type": "text/plain", "X-Shop": "a:b"},
        "method": "POST",
        "body": "{}",
        "timeoutMs": 5000,
    }
    assert node(conversion, "call")["retry"] == {"maxAttempts": 3}


def written(**values: Any) -> Any:
    """The node of ours for one that writes a number so."""
    ports = [{"config": {"id": key, "key": key}, "value": value} for key, value in values.items()]
    conversion = converted({"nodes": [{"id": "n", "type": "NumberToStringNode", "ports": ports}]})
    return node(conversion, "numbertostringnode")


def test_a_counterpart_can_hang_on_the_values_of_a_node() -> None:
    assert written(number=1, decimalPlaces=-1)["inputs"] == {"value": 1}
    assert written(number=1, decimalPlaces=0)["inputs"] == {"value": 1, "pattern": "0"}
    assert written(number=1, decimalPlaces=2)["inputs"] == {"value": 1, "pattern": "0.00"}
    assert written(number=1, decimalPlaces=2, exponential=True)["disabled"]


@pytest.mark.parametrize("data", [None, [], {}, {"nodes": []}, {"nodes": [1, {}, {"id": "x"}]}, {"json": 3}])
def test_what_is_no_export_is_refused(data: Any) -> None:
    with pytest.raises(NoExport):
        read_export(data)


def test_what_is_odd_about_an_export_is_no_reason_to_fail() -> None:
    odd = {
        "nodes": [
            {"id": "a", "type": "TextNode", "ports": [1, {"config": None}, {"config": {"id": "x", "parentId": "x"}}]},
            {"id": "b", "metadata": {"type": "GroupNode", "title": "漢字", "parentNodeId": "b", "ui": 3}, "ports": 3},
            {"id": "c", "metadata": {"type": "NotNode", "title": "漢字", "parentNodeId": "gone"}},
        ],
        "edges": [
            None,
            {},
            {"sourceNodeId": "c", "sourcePortId": "result", "targetNodeId": "c", "targetPortId": "input"},
            {"sourceNodeId": "b", "sourcePortId": "x", "targetNodeId": "a", "targetPortId": "text"},
        ],
    }
    conversion = converted(odd)

    assert [each["id"] for each in conversion.document["nodes"]] == ["textnode", "node", "node_2"]
    assert set(conversion.disabled) == {"textnode", "node", "node_2"}


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_every_counterpart_is_there_with_its_ports(name: str) -> None:
    found = COUNTERPARTS[name]
    if not isinstance(found, Counterpart):
        (stub,) = read_export({"nodes": [{"id": "n", "type": name}]}).nodes
        found = found(stub)
        assert found
    ports = BUILT_IN[found.type].ports(found.constants)

    assert {*found.inputs.values(), *found.constants} <= ports.inputs.keys()
    assert set(found.outputs.values()) <= ports.outputs.keys()


def test_import_writes_a_flow_and_names_what_needs_a_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flow.yaml"

    assert main(["import", "chaingraph", str(EXPORTS / "orders.json"), "--output", str(path)]) == 3
    assert capsys.readouterr().err.splitlines() == [
        "5 nodes mapped, 2 kept disabled, 2 edges dropped",
        "  disabled ask_a_model (Ask a model): nothing does what a LLMCallNode does",
        "  disabled average (Average): inputs/operation: Input should be 'add', 'subtract', 'multiply', 'divide', "
        "'modulo' or 'power'.",
        "  dropped sum.steps → ask_a_model.prompt: math.arithmetic has nothing for the output 'steps'",
        "  dropped 1 edge of nodes that the export does not have",
    ]
    assert main(["validate", str(path)]) == 0
    assert main(["import", "chaingraph", str(EXPORTS / "ways.json")]) == 0
    text = capsys.readouterr().out.removeprefix("ok\n")
    assert read_document(text, Format.YAML).data == converted(exported("ways")).document


def test_what_cannot_be_imported_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flow.json"
    path.write_text("{,")

    assert main(["import", "chaingraph", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"tidegate: {path} is not JSON: Line 1, column 2")


def test_what_a_file_says_is_no_command_for_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export, flow = tmp_path / "export.json", tmp_path / "flow.yaml"
    node = {"id": "a", "metadata": {"type": "X\x1b[2J", "title": "\x1b]0;title\x07"}}
    export.write_text(json.dumps({"nodes": [node], "edges": []}))
    flow.write_text(r'{tidegate: 1, name: "a", nodes: [], edges: [], "\e[2J": 1}')

    assert main(["import", "chaingraph", str(export), "--output", str(tmp_path / "made.yaml")]) == 3
    assert main(["validate", str(flow)]) == 1
    said = "".join(capsys.readouterr())
    assert "disabled node_0_title" in said
    assert "There is no key" in said
    assert "\x1b" not in said
