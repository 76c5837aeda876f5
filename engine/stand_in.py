"""Stand-ins for node types that this process does not know.

With them the log of a flow can be folded and ended, for which nothing of a node has to run.
"""

from engine.document import FlowDocument
from engine.node import AnyNode, Input, Node, Output
from engine.registry import NodeTypes


def with_stand_ins(document: FlowDocument, node_types: NodeTypes) -> NodeTypes:
    """The node types, and a stand-in for each that the document uses beside them."""
    unknown = {node.type for node in document.nodes} - node_types.keys()
    return {**node_types, **{name: _stand_in(name) for name in unknown}} if unknown else node_types


def _stand_in(name: str) -> type[AnyNode]:
    class StandIn(Node[Input, Output]):
        """A node type that this process does not know."""

        type = name

    return StandIn
