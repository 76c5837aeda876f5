"""The data that a node is given for its inputs."""

from collections.abc import Mapping
from typing import Any

from engine.errors import InputError
from engine.plan import PlanNode
from engine.ports import PortKind, misplaced_secret
from engine.secret_reference import has_reference
from engine.values import Value

CONTAINERS = frozenset({dict, list})


def opened(node: PlanNode, inputs: Mapping[str, Value]) -> dict[str, Any]:
    """The data of inputs, which the node may change.

    Raises `InputError` where an edge has brought a reference to a secret to a port that is for something else: whoever
    makes the values that travel could otherwise have any secret sent to where such a port leads.
    """
    return {
        port: _own_copy(node, port, value) if type(value.data) in CONTAINERS else value.data
        for port, value in inputs.items()
    }


def _own_copy(node: PlanNode, port: str, value: Value) -> Any:
    if port in node.incoming:
        kind = node.incoming[port][0].target_kind
        if kind is not PortKind.SECRET and has_reference(value.data, value.text):
            raise InputError(f"Input '{port}': {misplaced_secret(kind)}")
    return value.fresh()
