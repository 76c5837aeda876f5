"""What a flow takes and gives, and whether inputs fit it."""

from typing import Any

import pytest

from engine.document import FlowDocument
from engine.interface import FlowPort, check_inputs, flow_interface
from engine.validation import load_document
from tests.engine.document_types import TYPES, calc, flow, node

NUMBER = {"type": "number", "minimum": 0}
DISABLED = {"disabled": True}


def document() -> FlowDocument:
    data = flow(
        node("o1", "flow.output", name="total"),
        node("price", "flow.input", name="price", schema=NUMBER),
        node("note", "flow.input", name="note"),
        node("rate", "flow.input", name="rate", schema=NUMBER, default=2),
        node("old", "flow.input", DISABLED, name="old", schema=NUMBER),
        node("nil", "flow.input", name="nil", default=None),
        calc("sum"),
        node("o2", "flow.output", name="price"),
        node("o3", "flow.output", name="either"),
        node("o4", "flow.output", name="fixed", value=3),
        node("o5", "flow.output", name="done"),
        edges=[
            "price.value → sum.a",
            "rate.value → sum.b",
            "sum.result → o1.value",
            "price.value → o2.value",
            "sum.result → o3.value",
            "note.value → o3.value",
            "sum.__success → o5.value",
        ],
    )
    return load_document(data, TYPES)


def test_inputs_come_in_document_order_and_are_required_without_a_default() -> None:
    assert flow_interface(document(), TYPES).inputs == (
        FlowPort("price", NUMBER, required=True),
        FlowPort("note", {}, required=True),
        FlowPort("rate", NUMBER, required=False),
        FlowPort("old", NUMBER, required=False),
        FlowPort("nil", {}, required=False),
    )


def test_outputs_have_the_schema_of_their_only_source() -> None:
    outputs = {port.name: port.schema for port in flow_interface(document(), TYPES).outputs}
    assert list(outputs) == ["total", "price", "either", "fixed", "done"]
    assert outputs["total"] == {"anyOf": [{"type": "integer"}, {"type": "number"}]}
    assert outputs["price"] == NUMBER
    assert outputs["either"] == outputs["fixed"] == {}
    assert outputs["done"] == {"type": "boolean"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"price": 1, "note": None}, []),
        ({"price": 1.5, "note": [], "rate": 0, "old": 1, "nil": "x"}, []),
        ({"price": 1}, [("note", "The input 'note' is missing.")]),
        (
            {"price": 1, "note": 1, "prise": 2},
            [("prise", "The flow has no input 'prise'. Did you mean 'price'?")],
        ),
        ({"price": "1", "note": 1}, [("price", "The value does not fit: $: '1' is not of type 'number'.")]),
        ({"price": -1, "note": 1}, [("price", "The value does not fit: $: -1 is less than the minimum of 0.")]),
        ({"price": True, "note": 1}, [("price", "The value does not fit: $: True is not of type 'number'.")]),
    ],
)
def test_inputs_are_checked_by_name_and_schema(given: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert check_inputs(document(), given) == expected


@pytest.mark.parametrize("data", [float("nan"), 2**64, "\0", {"$payload": {"id": "x"}}])
def test_inputs_that_cannot_be_stored_are_refused(data: object) -> None:
    assert [name for name, _ in check_inputs(document(), {"price": 1, "note": data})] == ["note"]


def test_all_that_is_wrong_with_inputs_is_said_at_once() -> None:
    assert [name for name, _ in check_inputs(document(), {"x": 1, "rate": "2"})] == ["x", "price", "note", "rate"]
