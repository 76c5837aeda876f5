"""Documents as YAML, as people write flows: what fits on a line is on one line."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.yaml_text import head, inline, is_open, scalar

WIDTH = 120
INDENT = "  "


def flow_text(document: Mapping[str, Any]) -> str:
    """Write a document of JSON data, which `read_document` reads to equal data."""
    return "".join(f"{line}\n" for line in _members(document, ""))


def _members(data: Mapping[str, Any], pad: str) -> Iterator[str]:
    for key, each in data.items():
        start = head(key, pad)
        if is_open(each) and (not pad or not _fits(start, each)):
            yield start
            yield from _parts(each, pad + INDENT)
        else:
            yield f"{start} {_value(each, pad)}"


def _parts(data: dict[str, Any] | list[Any], pad: str) -> Iterator[str]:
    if isinstance(data, dict):
        yield from _members(data, pad)
        return
    for each in data:
        dash = f"{pad}- "
        if not is_open(each) or _fits(dash, each):
            yield f"{dash}{_value(each, pad)}"
        else:
            first, *rest = _parts(each, pad + INDENT)
            yield f"{dash}{first[len(dash) :]}"
            yield from rest


def _fits(start: str, data: Any) -> bool:
    return len(start) + len(_on_one_line(data)) < WIDTH


def _value(data: Any, pad: str) -> str:
    return _on_one_line(data) if is_open(data) else scalar(data, pad + INDENT)


def _on_one_line(data: Any) -> str:
    match data:
        case str():
            return inline(data)
        case dict() if data:
            return f"{{{', '.join(f'{inline(key)}: {_on_one_line(each)}' for key, each in data.items())}}}"
        case [_, *_]:
            return f"[{', '.join(map(_on_one_line, data))}]"
        case _:
            return scalar(data, "")
