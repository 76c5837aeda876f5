"""YAML 1.2 as nodes read and write it, by its core schema."""

import json
import re
from collections.abc import Iterator
from typing import Any

from engine.errors import NodeError
from engine.reading import Format, InvalidText, read_document
from engine.values import VALUE_LIMIT

KEY_LENGTH = 1_000
"""A longer key has to be announced (the limit of YAML is 1,024 characters)."""

# What is a text to every reader: begins with a letter, has nothing that means something, and is no such word, also in
# YAML 1.1.
_PLAIN = re.compile(r"[^\W\d][\w./-]*(?: [\w./()-]+)*\Z")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
# What YAML takes for a break of lines or does not allow, and JSON does not escape; and what JSON does.
_HIDDEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_BARE_FLOAT = re.compile(r"^(-?[0-9]+)e")
_CONTROL = re.compile(f"[\x00-\x09\x0b-\x1f]|{_HIDDEN.pattern}")


class InvalidYaml(NodeError):
    """The text is not valid YAML."""

    error_code = "INPUT"


def parse_yaml(text: str) -> Any:
    """Read one YAML document; raises `InvalidYaml` with the line and column of the first problem."""
    try:
        return read_document(text, Format.YAML).data
    except InvalidText as error:
        raise InvalidYaml(str(error.refusals[0])) from None


def yaml_pieces(data: Any, indent: int) -> Iterator[str]:
    """Write a value as YAML, in blocks; the pieces, of which there may be gigabytes, are lines."""
    for line in _block(data, "", " " * indent):
        yield line
        yield "\n"


def _block(data: Any, pad: str, indent: str) -> Iterator[str]:
    """The lines of a value that stands by itself, all but the first part of the first one after `pad`."""
    match data:
        case [_, *_]:
            for item in data:
                yield from _item(item, pad, indent)
        case dict() if data:
            for key, each in data.items():
                yield from _member(key, each, pad, indent)
        case _:
            yield pad + scalar(data, pad + indent)


def _item(item: Any, pad: str, indent: str) -> Iterator[str]:
    """An item: what is in it begins in the line of its dash."""
    if not is_open(item):
        yield f"{pad}- {scalar(item, pad + indent)}"
        return
    lines = _block(item, pad + indent, indent)
    yield f"{pad}-{' ' * (len(indent) - 1)}{next(lines)[len(pad) + len(indent) :]}"
    yield from lines


def _member(key: str, data: Any, pad: str, indent: str) -> Iterator[str]:
    if not is_open(data):
        yield f"{head(key, pad)} {scalar(data, pad + indent)}"
        return
    yield head(key, pad)
    yield from _block(data, pad + indent, indent)


def head(key: str, pad: str) -> str:
    """What comes before a value, in a line that begins with `pad`."""
    name = inline(key)
    return f"{pad}{name}:" if len(name) <= KEY_LENGTH else f"{pad}? {name}\n{pad}:"


def is_open(data: Any) -> bool:
    """Whether a value has parts."""
    return isinstance(data, (dict, list)) and bool(data)


def scalar(data: Any, pad: str) -> str:
    """A value without parts; a text of several lines as it is, each of them after `pad`."""
    if not isinstance(data, str):
        # YAML 1.1 wants a point in each float.
        return _BARE_FLOAT.sub(r"\1.0e", json.dumps(data))
    return _lines(data, pad) if _is_prose(data, pad) else inline(data)


def _is_prose(text: str, pad: str) -> bool:
    """Whether a text has some lines, in which nothing has to be escaped, and not so many that `pad` makes gigabytes."""
    if not 0 < text.count("\n") * len(pad) <= VALUE_LIMIT:
        return False
    return not (text[0].isspace() or text.endswith("\n\n") or _CONTROL.search(text))


def _lines(text: str, pad: str) -> str:
    """A text of many lines as it is."""
    lines = text.removesuffix("\n").split("\n")
    mark = "|" if text.endswith("\n") else "|-"
    return "\n".join([mark, *(pad + line if line else "" for line in lines)])


def inline(text: str) -> str:
    """A text on one line, in quotes where it could be taken for anything else."""
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
