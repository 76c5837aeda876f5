"""What a flow takes and gives: its flow.input and flow.output nodes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.document import FLOW_INPUT, FLOW_OUTPUT, FlowDocument, NodeDocument, PortReference
from engine.errors import BadUserInput, ValueRefused
from engine.json_schemas import misfit, together
from engine.node import AnyNode
from engine.spelling import SHOWN, did_you_mean
from engine.validation.edges import SYSTEM_OUTPUT_PORTS
from engine.values import Value

OUTPUT_VALUE = "value"


@dataclass(frozen=True, slots=True)
class FlowPort:
    """An input or output of a whole flow; `schema` is a JSON Schema, `{}` when anything goes.

    An input is required when it has no default and its node is not disabled; outputs are never required.
    """

    name: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    required: bool = False


@dataclass(frozen=True, slots=True)
class FlowInterface:
    """A flow's inputs and outputs, in document order."""

    inputs: tuple[FlowPort, ...]
    outputs: tuple[FlowPort, ...]


def flow_interface(document: FlowDocument, node_types: Mapping[str, type[AnyNode]]) -> FlowInterface:
    """The interface of a valid document; an output has the schema of the one port that leads to it."""
    return FlowInterface(flow_inputs(document), tuple(_outputs(document, node_types)))


def flow_inputs(document: FlowDocument) -> tuple[FlowPort, ...]:
    """The inputs of a valid document, in document order."""
    return tuple(_input(node) for node in document.nodes if node.type == FLOW_INPUT)


def _input(node: NodeDocument) -> FlowPort:
    required = "default" not in node.inputs and not node.disabled
    return FlowPort(node.inputs["name"], node.inputs.get("schema") or {}, required)


def _outputs(document: FlowDocument, node_types: Mapping[str, type[AnyNode]]) -> Iterator[FlowPort]:
    nodes = {node.id: node for node in document.nodes}
    sources: dict[str, list[PortReference]] = {node.id: [] for node in document.nodes if node.type == FLOW_OUTPUT}
    for edge in document.edges:
        if edge.target.node in sources and edge.target.port == OUTPUT_VALUE:
            sources[edge.target.node].append(edge.source)
    for id_, found in sources.items():
        schema = _port_schema(found[0], nodes, node_types) if len(found) == 1 else {}
        yield FlowPort(nodes[id_].inputs["name"], schema)


def _port_schema(
    source: PortReference, nodes: Mapping[str, NodeDocument], node_types: Mapping[str, type[AnyNode]]
) -> Mapping[str, Any]:
    node = nodes[source.node]
    ports = node_types[node.type].ports(node.inputs).outputs
    return (SYSTEM_OUTPUT_PORTS.get(source.port) or ports[source.port]).schema


def checked_inputs(document: FlowDocument, given: Any, field: str) -> Mapping[str, Any]:
    """The inputs that a caller has given an execution, None for none; raises `BadUserInput` that names the input."""
    inputs = {} if given is None else given
    if not isinstance(inputs, dict):
        raise BadUserInput("The inputs must be an object of values by name.", field=field)
    for name, message in check_inputs(document, inputs):
        raise BadUserInput(message, field=f"{field}.{name}")
    return inputs


def check_inputs(document: FlowDocument, given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the inputs for an execution of a valid document, as (input name, message)."""
    inputs = {port.name: port for port in flow_inputs(document)}
    unknown = [(name, _unknown(name, inputs)) for name in given if name not in inputs]
    missing = [
        (name, f"The input {name!r} is missing.")
        for name, port in inputs.items()
        if port.required and name not in given
    ]
    with together():
        wrong = [(name, message) for name in inputs if name in given and (message := _wrong(given[name], inputs[name]))]
    return unknown + missing + wrong


def _unknown(name: str, inputs: Mapping[str, FlowPort]) -> str:
    return f"The flow has no input {name[:SHOWN]!r}.{did_you_mean(name, inputs)}"


def _wrong(data: Any, port: FlowPort) -> str | None:
    try:
        Value.of(data)
    except ValueRefused as error:
        return error.message
    reason = misfit(data, port.schema)
    return f"The value does not fit: {reason}." if reason else None
