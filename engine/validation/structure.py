"""The shape of a document: its keys, their types, ids, and the settings of each node."""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.document import EdgeDocument, FlowDocument, NodeDocument, RetryPolicy, parse_document
from engine.ports import kind_of_value
from engine.problems import FlowProblemCode
from engine.validation.report import Report, shown

CODES = {
    "extra_forbidden": FlowProblemCode.UNKNOWN_KEY,
    "invalid_id": FlowProblemCode.INVALID_ID,
}
EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "float_type": "a number",
    "int_type": "an integer",
    "mapping_type": "an object",
    "model_type": "an object",
    "string_type": "a string",
    "tuple_type": "an array",
}

Path = tuple[str | int, ...]


def read_structure(data: Any, report: Report) -> FlowDocument | None:
    """Read a document; None, and its problems in the report, when its shape is wrong."""
    try:
        return parse_document(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
    for detail in details:
        _add(detail, data, report)
    return None


def _add(detail: ErrorDetails, data: Any, report: Report) -> None:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    report.add(path, _code(detail["type"], path), _message(detail, path, data, report))


def _code(kind: str, path: Path) -> FlowProblemCode:
    if path == ("tidegate",):
        return FlowProblemCode.UNSUPPORTED_FORMAT
    return CODES.get(kind, FlowProblemCode.INVALID_VALUE)


def _message(detail: ErrorDetails, path: Path, data: Any, report: Report) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return f"There is no key {shown(path[-1])} here.{report.suggest(str(path[-1]), _keys(path))}"
        case "missing":
            return f"The key {path[-1]!r} is missing{'; this is format 1' if path == ('tidegate',) else ''}."
        case kind if kind in EXPECTED:
            return f"Expected {EXPECTED[kind]}, got {kind_of_value(detail['input']) or 'null'}."
        case _:
            return f"{detail['msg']}."


def _keys(path: Path) -> list[str]:
    """The keys that there are beside the last one of this path."""
    match path:
        case ("nodes", _, "retry", _):
            return _aliases(RetryPolicy)
        case ("nodes", _, _):
            return _aliases(NodeDocument)
        case ("edges", _, _):
            return _aliases(EdgeDocument)
        case _:
            return _aliases(FlowDocument)


def _aliases(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]
