"""What a flow relies on: which changes of node types it does not mind, and which keep it from being run."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from engine.capability import LOG_FORMAT, pin, shortfall, unknown_format
from engine.document import FlowDocument, parse_document
from engine.node import AnyNode, Input, Node, Number, Output
from engine.nodes import BUILT_IN
from engine.plan import compile_plan
from engine.ports import Constant, Many
from engine.registry import NodeTypes, Registry
from engine.stand_in import with_stand_ins


class Price(Output):
    total: Number
    currency: str = "EUR"


def order(inputs: type[Input], outputs: type[Output] = Price) -> NodeTypes:
    """Node types with an order that has these ports."""

    class Order(Node[Input, Output]):
        """An order."""

        type = "shop.order"

    Order.input_model, Order.output_model = inputs, outputs
    return {**BUILT_IN, "shop.order": Order}


class Plain(Input):
    """The ports as they were when the flow was made."""

    item: str
    note: str = ""


def document(*nodes: dict[str, Any], edges: list[tuple[str, str]] | None = None) -> FlowDocument:
    return parse_document(
        {
            "tidegate": 1,
            "name": "Orders",
            "nodes": list(nodes),
            "edges": [{"from": source, "to": target} for source, target in edges or []],
        }
    )


ORDER = {"id": "order", "type": "shop.order", "inputs": {"item": "tea"}}
OUT = {"id": "out", "type": "flow.output", "inputs": {"name": "total"}}
FLOW = document(ORDER, OUT, edges=[("order.total", "out.value"), ("order.__success", "out.__execute")])
PINNED = pin(FLOW, order(Plain))


class Optional(Plain):
    item: str = Field("coffee", description="What is wanted.")


class WithMore(Plain):
    gift: bool = False


class WithoutNote(Input):
    item: str


class Renamed(Input):
    article: str = "tea"


class OtherKind(Input):
    item: bool


class ManyItems(Input):
    item: Annotated[list[str], Many()]


class ConstantItem(Input):
    item: Annotated[str, Constant()]


class NeedsMore(Plain):
    address: str


class Cheaper(Output):
    total: Number


class Priceless(Output):
    currency: str


class Worded(Output):
    total: str


@pytest.mark.parametrize(
    "node_types",
    [order(Plain), order(WithMore), order(WithoutNote), order(Optional), order(Plain, Cheaper)],
    ids=["unchanged", "one more input", "one unused input less", "no longer required", "one unused output less"],
)
def test_a_change_of_what_a_flow_does_not_touch_keeps_nobody_from_running_it(node_types: NodeTypes) -> None:
    assert shortfall(FLOW, PINNED, node_types) is None


@pytest.mark.parametrize(
    "node_types",
    [
        order(Renamed),
        order(OtherKind),
        order(ManyItems),
        order(ConstantItem),
        order(NeedsMore),
        order(Plain, Priceless),
        order(Plain, Worded),
    ],
    ids=["renamed", "other kind", "many", "constant", "one more required", "an output gone", "an output of other kind"],
)
def test_a_change_of_what_a_flow_relies_on_keeps_a_worker_from_running_it(node_types: NodeTypes) -> None:
    said = shortfall(FLOW, PINNED, node_types)
    assert said == "The flow relies on other ports than those that it has of the node type shop.order."


def test_a_node_type_that_is_not_there_is_named() -> None:
    assert shortfall(FLOW, PINNED, BUILT_IN) == "It does not know the node type shop.order."
    assert shortfall(FLOW, None, BUILT_IN) == "It does not know the node type shop.order."


def test_a_flow_of_which_nothing_is_pinned_only_needs_its_types_to_be_there() -> None:
    assert shortfall(FLOW, None, order(Renamed)) is None


def test_the_ports_that_constants_make_count_too() -> None:
    def switch(port: str) -> FlowDocument:
        cases = [{"port": "tea", "equals": 1}, {"port": "milk", "equals": 2}]
        node = {"id": "way", "type": "flow.switch", "inputs": {"value": 1, "cases": cases}}
        return document(node, OUT, edges=[(f"way.{port}", "out.value")])

    pinned = pin(switch("tea"), BUILT_IN)
    assert shortfall(switch("tea"), pinned, BUILT_IN) is None
    assert shortfall(switch("sugar"), pinned, BUILT_IN) is not None


def test_a_format_of_logs_that_came_later_is_not_known() -> None:
    assert unknown_format(LOG_FORMAT) is None
    assert unknown_format(LOG_FORMAT + 1) == f"It reads logs up to format {LOG_FORMAT}, not {LOG_FORMAT + 1}."


def test_a_flow_compiles_with_stand_ins_for_what_is_not_known() -> None:
    plan = compile_plan(FLOW, with_stand_ins(FLOW, BUILT_IN))
    stand_in: type[AnyNode] = plan.node("order").node_type
    assert (stand_in.type, stand_in.pure) == ("shop.order", False)
    known = order(Plain)
    assert with_stand_ins(FLOW, known) is known


def test_edges_that_lead_to_what_is_not_known_are_compiled_too() -> None:
    order = {"id": "order", "type": "shop.order"}
    edges = [{"from": "given.value", "to": "order.item"}]
    given = {"id": "given", "type": "flow.input", "inputs": {"name": "item"}}
    document = parse_document({"tidegate": 1, "name": "Shop", "nodes": [given, order], "edges": edges})
    plan = compile_plan(document, with_stand_ins(document, BUILT_IN))
    assert plan.node("order").inputs == ("item",)


def test_why_a_type_is_not_there_is_told_where_that_is_known() -> None:
    absent = Registry(BUILT_IN.values(), absent={"shop.order": "The module shop could not be loaded."})
    told = "It does not know the node type shop.order. The module shop could not be loaded."
    assert shortfall(FLOW, PINNED, absent) == told
