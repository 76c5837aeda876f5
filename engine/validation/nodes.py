"""What nodes say of themselves: ids, types, groups, and the ports that follow from type and constants."""

from collections.abc import Collection, Mapping

from engine.document import FLOW_INPUT, FLOW_OUTPUT, GROUP
from engine.node import AnyNode
from engine.problems import FlowProblemCode
from engine.registry import absence
from engine.validation.draft import Draft, DraftNode
from engine.validation.report import Report, shown


def check_nodes(draft: Draft, node_types: Mapping[str, type[AnyNode]], report: Report) -> None:
    """Report ids and names that are there twice, unknown types and unknown groups; find each node's type."""
    _check_ids(draft, report)
    for named in (FLOW_INPUT, FLOW_OUTPUT):
        _check_names([node for node in draft.nodes if node.type_name == named], report)
    for node in draft.nodes:
        _find_type(node, node_types, report)
        _check_parent(node, draft, report)


def _check_ids(draft: Draft, report: Report) -> None:
    for node in draft.nodes:
        if node.id is not None and (first := draft.by_id[node.id]) is not node:
            message = f"The id {shown(node.id)} is taken by node number {first.index + 1}."
            report.add(node.path("id"), FlowProblemCode.DUPLICATE_ID, message, first.path("id"))


def _check_names(nodes: Collection[DraftNode], report: Report) -> None:
    first: dict[str, DraftNode] = {}
    for node in nodes:
        name = (node.constants or {}).get("name")
        if isinstance(name, str) and first.setdefault(name, node) is not node:
            message = f"The {node.type_name} name {shown(name)} is taken by node {first[name].id!r}."
            taken = first[name].path("inputs", "name")
            report.add(node.path("inputs", "name"), FlowProblemCode.DUPLICATE_ID, message, taken)


def _find_type(node: DraftNode, node_types: Mapping[str, type[AnyNode]], report: Report) -> None:
    if not node.type_name:
        return
    node.node_type = node_types.get(node.type_name)
    if node.node_type is None:
        known = absence(node.type_name, node_types) or report.suggest(node.type_name, node_types)
        message = f"There is no node type {shown(node.type_name)}.{known}"
        report.add(node.path("type"), FlowProblemCode.UNKNOWN_TYPE, message)


def _check_parent(node: DraftNode, draft: Draft, report: Report) -> None:
    if node.parent is None:
        return
    parent = draft.by_id.get(node.parent)
    if parent is None:
        groups = [id_ for id_, each in draft.by_id.items() if each.type_name == GROUP]
        message = f"There is no node {shown(node.parent)}.{report.suggest(node.parent, groups)}"
        report.add(node.path("parent"), FlowProblemCode.UNKNOWN_NODE, message)
    elif parent.type_name not in (None, GROUP):
        kind = shown(parent.type_name)
        message = f"Only a node of type {GROUP} can be a parent; {shown(node.parent)} is of type {kind}."
        report.add(node.path("parent"), FlowProblemCode.INVALID_VALUE, message)
