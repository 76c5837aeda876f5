"""Everything that is wrong with a flow document, said at once.

The parts that have the right shape are checked for their meaning even where others have not: `structure`
reads the document's shape, `draft` keeps what can be known of it, and each further file checks one idea.
"""

from collections.abc import Mapping
from typing import Any

from engine.document import FlowDocument
from engine.errors import InvalidDocument
from engine.json_schemas import together
from engine.node import AnyNode
from engine.problems import Problem
from engine.validation.constants import check_constants
from engine.validation.draft import Draft
from engine.validation.edges import check_edges
from engine.validation.limits import check_limits
from engine.validation.nodes import check_nodes
from engine.validation.order import check_order
from engine.validation.refusals import check_refusals
from engine.validation.report import Report
from engine.validation.structure import read_structure

__all__ = ["check_document", "load_document"]

NodeTypes = Mapping[str, type[AnyNode]]


def check_document(data: Any, node_types: NodeTypes) -> tuple[FlowDocument | None, list[Problem]]:
    """Check a flow document, given as JSON data; returns it, or None and all its problems in its order."""
    report = Report()
    check_limits(data, report)
    if report.problems:
        return None, report.problems
    document = read_structure(data, report)
    with together():
        _check_meaning(data, node_types, report)
    return (None if report.problems else document), report.in_document_order()


def _check_meaning(data: Any, node_types: NodeTypes, report: Report) -> None:
    draft = Draft.of(data)
    check_refusals(data, report)
    check_nodes(draft, node_types, report)
    check_constants(draft, report)
    check_edges(draft, report)
    check_order(draft, report)


def load_document(data: Any, node_types: NodeTypes) -> FlowDocument:
    """Check a flow document and return it; raises `InvalidDocument` with all its problems."""
    document, problems = check_document(data, node_types)
    if document is None:
        raise InvalidDocument(problems)
    return document
