"""What the models of a node's ports complain of, in sentences that name the port and say what it got."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.errors import InputError, NodeError
from engine.node import Input, Output
from engine.ports import Port, PortKind, accepts, kind_of_value, ports_of

SCALARS = (PortKind.STRING, PortKind.NUMBER, PortKind.BOOLEAN, PortKind.ENUM)
OF_AUTHORS = ("value_error", "assertion_error")
"""The types of complaints whose texts are those of a node's author."""

OF_ONE_TYPE = ("literal_error", "enum", "greater_than", "greater_than_equal", "less_than", "less_than_equal")
"""The types of complaints about values of the right type."""


def input_misfit(model: type[Input], inputs: Mapping[str, Any], error: ValidationError) -> InputError:
    """The error of a node whose inputs do not take what it is given."""
    return InputError(" ".join(_sentences(model, inputs, error.errors(), "Input")))


def output_misfit(model: type[Output], details: Sequence[ErrorDetails]) -> NodeError:
    """The error of a node that gave its outputs what they do not take, by what their model complains of."""
    given = {str(detail["loc"][0]): detail["input"] for detail in details if _is_of_whole(model, detail)}
    return NodeError(" ".join(_sentences(model, given, details, "Output")))


def is_misfit(model: type[Output], error: ValidationError) -> bool:
    """Whether these outputs have refused something, and not some other model that a node has used."""
    if error.title != (model.model_config.get("title") or model.__name__):
        return False
    ports = ports_of(model)
    return all(
        not detail["loc"] or detail["type"] == "extra_forbidden" or str(detail["loc"][0]) in ports
        for detail in error.errors()
    )


def _is_of_whole(model: type[Output], detail: ErrorDetails) -> bool:
    """Whether a complaint is about the whole value of a port, also if it is about one of the types that it may have."""
    port = ports_of(model).get(str(detail["loc"][0])) if detail["loc"] else None
    return port is not None and (len(detail["loc"]) == 1 or port.kind in SCALARS)


def _sentences(
    model: type[Input] | type[Output], given: Mapping[str, Any], details: Sequence[ErrorDetails], side: str
) -> list[str]:
    """One sentence for each port of a side that is wrong, the first complaint about it."""
    ports, own = ports_of(model), dict[str, list[ErrorDetails]]()
    for detail in details:
        own.setdefault(str(detail["loc"][0]) if detail["loc"] else "", []).append(detail)
    return [
        f"{side} {_complaint(ports.get(name), name, given, complaints)}."
        if name
        else f"{side}s: {complaints[0]['msg']}."
        for name, complaints in own.items()
    ]


def _complaint(port: Port | None, name: str, given: Mapping[str, Any], complaints: Sequence[ErrorDetails]) -> str:
    first = complaints[0]
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return f"'{name}' is missing"
    if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
        return f"'{name}' is not declared"
    if port and not port.many and name in given and not accepts(port.kind, given[name]):
        return f"'{name}': expected {port.kind}, got {_nature(given[name])}"
    if len(complaints) > 1 and all(_is_of_same_value(each, first) for each in complaints):
        return f"'{_path(first['loc'][:-1])}': a value of type {type(first['input']).__name__} fits none of its types"
    return f"'{_path(first['loc'])}': {_said(first)}"


def _is_of_same_value(one: ErrorDetails, other: ErrorDetails) -> bool:
    """Whether two complaints are about one value, each for another of the types that it could have."""
    return one["input"] is other["input"] and one["loc"][:-1] == other["loc"][:-1]


def _path(parts: Sequence[int | str]) -> str:
    return ".".join(map(str, parts))


def _said(detail: ErrorDetails) -> str:
    text = detail["msg"]
    if detail["type"] in OF_AUTHORS or not text.startswith("Input should"):
        return text
    # The library says "input" for whatever it checks, and not what that was.
    got = "" if detail["type"] in OF_ONE_TYPE else f", got {type(detail['input']).__name__}"
    return f"it should{text.removeprefix('Input should')}{got}"


def _nature(data: Any) -> str:
    kind = kind_of_value(data)
    if kind is None:
        return "null"
    # What JSON does not have is of no kind.
    return type(data).__name__ if kind is PortKind.ANY else kind
