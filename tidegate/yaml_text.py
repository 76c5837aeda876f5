"""Documents as YAML, as people write flows: what fits on a line is on one line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.reading.yaml_steps import resolve

WIDTH = 120
_PLAIN = re.compile(r"[^\W\d][\w./-]*( [\w./-]+)*")


def yaml_text(document: Mapping[str, Any]) -> str:
    """Write a document of JSON data, which `read_document` reads to equal data."""
    return "".join(f"{line}\n" for key, data in document.items() for line in _member(key, data, 0))


def _member(key: str, data: Any, indent: int) -> Iterator[str]:
    """The lines of a key with its value."""
    start = f"{' ' * indent}{_text(key)}:"
    if isinstance(data, (dict, list)) and data and (indent == 0 or not _fits(start, data)):
        yield start
        yield from _parts(data, indent + 2)
    elif isinstance(data, str) and _is_literal(data):
        yield f"{start} |{'' if data.endswith(chr(10)) else '-'}"
        yield from (f"{' ' * (indent + 2)}{line}" if line else "" for line in data.splitlines())
    else:
        yield f"{start} {_flow(data)}"


def _parts(data: dict[str, Any] | list[Any], indent: int) -> Iterator[str]:
    if isinstance(data, dict):
        for key, each in data.items():
            yield from _member(key, each, indent)
        return
    for each in data:
        dash = f"{' ' * indent}- "
        if not isinstance(each, (dict, list)) or not each or _fits(dash, each):
            yield f"{dash}{_flow(each)}"
        else:
            first, *rest = _parts(each, indent + 2)
            yield f"{dash}{first[indent + 2 :]}"
            yield from rest


def _fits(start: str, data: Any) -> bool:
    return len(start) + len(_flow(data)) < WIDTH


def _flow(data: Any) -> str:
    """A value on one line."""
    match data:
        case str():
            return _text(data)
        case Mapping():
            return f"{{{', '.join(f'{_text(key)}: {_flow(each)}' for key, each in data.items())}}}"
        case Sequence():
            return f"[{', '.join(map(_flow, data))}]"
        case _:
            return json.dumps(data)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and resolve(text) == (text, None):
        return text
    return f'"{"".join(map(_character, text))}"'


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _is_literal(text: str) -> bool:
    """Whether a text of several lines can be written as it is."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and not lines[0].startswith(" ")
        and bool(lines[0] and lines[-1])
        and all(line.isprintable() and line == line.rstrip() for line in lines)
    )
