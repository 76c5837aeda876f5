"""The values that `tidegate run --input name=value` gives to a flow."""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.document import FlowDocument
from engine.errors import BadUserInput
from engine.interface import FlowPort, check_inputs, flow_inputs
from engine.json_schemas import misfit
from engine.json_text import InvalidJson, parse_json
from tidegate.text_file import read_text

LONGEST_MESSAGE = 300
ANYTHING = FlowPort("")


def read_inputs(document: FlowDocument, given: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The inputs by name, each read by its schema; raises `BadUserInput` that names what is wrong.

    Where the schema asks for a string, the text is the value. Otherwise it is read as JSON, or taken as it is where
    only that fits. `@path` stands for the text of a file, `@@` for an `@`.
    """
    ports = {port.name: port for port in flow_inputs(document)}
    values: dict[str, Any] = {}
    for name, text in given:
        if name in values:
            raise BadUserInput(f"The input {name!r} is given twice.", field=name)
        values[name] = _read(ports.get(name, ANYTHING), _text(name, text), name)
    if problems := check_inputs(document, values):
        raise BadUserInput(" ".join(_naming(problems)), field=problems[0][0])
    return values


def _naming(problems: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, message in problems:
        told = message if repr(name) in message else f"The input {name!r}: {message}"
        # A misfit quotes the value, which may be a whole file.
        yield told if len(told) <= LONGEST_MESSAGE else f"{told[:LONGEST_MESSAGE]}…"


def _text(name: str, text: str) -> str:
    if not text.startswith("@"):
        return text
    return text[1:] if text.startswith("@@") else read_text(text[1:])


def _read(port: FlowPort, text: str, name: str) -> Any:
    kind = port.schema.get("type")
    if kind == "string":
        return text
    try:
        data = parse_json(text)
    except InvalidJson as error:
        if isinstance(kind, str):
            raise BadUserInput(f"The input {name!r} must be of type {kind}: {error.message}", field=name) from None
        return text
    return text if misfit(data, port.schema) and not misfit(text, port.schema) else data
