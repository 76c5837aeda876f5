"""The constants of a node against its type: unknown ports, missing inputs, values that do not fit."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.node import AnyNode
from engine.pointer import existing_part
from engine.ports import SYSTEM_INPUTS, Port, PortKind, Ports, accepts, kind_of_value, refusal_of
from engine.problems import FlowProblemCode
from engine.secret_reference import NAME_RULE, SECRET_KEY, is_reference, is_secret_name
from engine.validation.draft import Draft, DraftNode
from engine.validation.report import Report, shown
from engine.values import PAYLOAD_KEY

Place = tuple[str | int, ...]


class Misfit(NamedTuple):
    """What is wrong with a constant or a part of it."""

    message: str
    code: FlowProblemCode = FlowProblemCode.INVALID_VALUE


Wrong = dict[Place, Misfit]
"""What is wrong by place within `inputs`."""


def check_constants(draft: Draft, report: Report) -> None:
    """Report what is wrong with each node's constants, and find its ports, which may follow from them."""
    for node in draft.nodes:
        if node.node_type and node.constants is not None:
            _check_node(node, node.node_type, node.constants, draft, report)


def _check_node(
    node: DraftNode, node_type: type[AnyNode], constants: Mapping[str, Any], draft: Draft, report: Report
) -> None:
    wrong = _misfits(node_type, constants)
    excused = bool(wrong) or _lacks_constants(node_type, constants)
    node.ports = _ports(node_type, constants, wrong, excused)
    inputs = (node.ports or node_type.declared_ports()).inputs
    _check_names(node, constants, inputs, report)
    for place, misfit in (_own_complaints(node_type, constants, excused) | wrong).items():
        report.add(node.path("inputs", *place), misfit.code, misfit.message)
    if draft.edges_known and node.id is not None:
        _check_missing(node, constants, inputs, draft.connected_inputs(node.id), report)


def _check_names(node: DraftNode, constants: Mapping[str, Any], inputs: Mapping[str, Port], report: Report) -> None:
    for name in constants:
        place = node.path("inputs", name)
        if name in SYSTEM_INPUTS:
            report.add(place, FlowProblemCode.INVALID_VALUE, f"The system input {name} takes edges, not a constant.")
        elif name not in inputs:
            message = f"The node type {node.type_name} has no input {shown(name)}.{report.suggest(name, inputs)}"
            report.add(place, FlowProblemCode.UNKNOWN_PORT, message)


def _check_missing(
    node: DraftNode,
    constants: Mapping[str, Any],
    inputs: Mapping[str, Port],
    connected: Collection[str],
    report: Report,
) -> None:
    for name, port in inputs.items():
        if port.required and name not in constants and (port.constant or name not in connected):
            needs = "a constant" if port.constant else "an edge or a constant"
            message = f"The input {name!r} needs {needs}."
            report.add(node.path("inputs", name), FlowProblemCode.MISSING_INPUT, message)


def _lacks_constants(node_type: type[AnyNode], constants: Mapping[str, Any]) -> bool:
    declared = node_type.declared_ports().inputs.values()
    return any(port.constant and port.required and port.name not in constants for port in declared)


def _ports(node_type: type[AnyNode], constants: Mapping[str, Any], wrong: Wrong, excused: bool) -> Ports | None:
    """The node's ports; None when its type cannot make them from these constants."""
    try:
        return node_type.ports(constants)
    except Exception as error:
        if not excused:
            wrong[()] = Misfit(f"No ports can be made from these constants: {_name(error)}.")
        return None


def _own_complaints(node_type: type[AnyNode], constants: Mapping[str, Any], excused: bool) -> Wrong:
    """What the type itself says; excused if it fails over constants that were complained of already."""
    try:
        return {(name,): Misfit(message) for name, message in node_type.check(constants).items()}
    except Exception as error:
        return {} if excused else {(): Misfit(f"These constants cannot be checked: {_name(error)}.")}


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _misfits(node_type: type[AnyNode], constants: Mapping[str, Any]) -> Wrong:
    """What the input model says of the constants, whether or not others are missing."""
    ports = node_type.declared_ports().inputs
    reserved = {name: _reserved(data, ports.get(name)) for name, data in constants.items()}
    wrong: Wrong = {(name,): Misfit(message) for name, message in reserved.items() if message}
    plain = {name: data for name, data in constants.items() if not reserved[name]}
    for detail in _model_errors(node_type, plain):
        place = existing_part(plain, detail["loc"])
        if _is_about(place, detail, ports):
            wrong.setdefault(place, _explain(place, detail, plain, ports))
    return wrong


def _model_errors(node_type: type[AnyNode], constants: Mapping[str, Any]) -> list[ErrorDetails]:
    try:
        node_type.input_model.model_validate(constants)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False, include_input=False)
    return []


def _is_about(place: Place, detail: ErrorDetails, ports: Mapping[str, Port]) -> bool:
    """Whether a complaint is about values that are there, not about a missing input."""
    return place[0] in ports if place else not detail["loc"]


def _explain(place: Place, detail: ErrorDetails, constants: Mapping[str, Any], ports: Mapping[str, Port]) -> Misfit:
    if len(place) == 1:
        port, data = ports[str(place[0])], constants[str(place[0])]
        if not port.many and not accepts(port.kind, data):
            return Misfit(f"Expected {port.kind}, got {kind_of_value(data) or 'null'}.")
    match detail["type"]:
        case "missing":
            return Misfit(f"The key {detail['loc'][-1]!r} is missing.")
        case "extra_forbidden":
            return Misfit(f"There is no key {shown(place[-1])} here.", FlowProblemCode.UNKNOWN_KEY)
        case _:
            return Misfit(f"{detail['msg']}.")


def _reserved(data: Any, port: Port | None) -> str | None:
    """Why a value of reserved form is refused at a port; None for all others."""
    if isinstance(data, dict) and data.keys() == {PAYLOAD_KEY}:
        return f"An object whose only key is {PAYLOAD_KEY!r} is reserved for stored payloads."
    if port is None:
        return None
    if port.kind is PortKind.SECRET and is_reference(data) and not is_secret_name(data[SECRET_KEY]):
        return f"The name of a secret must be {NAME_RULE}."
    return refusal_of(port, data)
