"""Values that cannot be stored exactly, wherever they are in a document."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from engine.errors import ValueRefused
from engine.problems import FlowProblemCode
from engine.validation.report import Report
from engine.values import DEPTH_LIMIT, check_depth, encode

INTEGERS = (-(2**63), 2**64 - 1)

Path = tuple[str | int, ...]


def check_refusals(data: Any, report: Report) -> None:
    """Report what JSON or the store cannot keep: NaN, large integers, NUL characters, deep nesting …"""
    if _is_stored_exactly(data):
        return
    for path, message in _refusals(data):
        report.add(path, FlowProblemCode.INVALID_VALUE, message)


def _is_stored_exactly(data: Any) -> bool:
    try:
        check_depth(data, encode(data))
    except ValueRefused:
        return False
    return True


def _refusals(data: Any) -> Iterator[tuple[Path, str]]:
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, item = waiting.pop()
        if message := _refusal(item) or _depth_refusal(path):
            yield path, message
            continue
        for key, inner in _inner(item):
            waiting.append(((*path, key), inner))
            if isinstance(key, str) and (message := _refusal(key)):
                yield path, f"A key is refused: {message}"


def _inner(item: Any) -> Iterable[tuple[str | int, Any]]:
    match item:
        case dict():
            return item.items()
        case list() | tuple():
            return enumerate(item)
        case _:
            return ()


def _depth_refusal(path: Path) -> str | None:
    return "The value is nested too deeply." if len(path) > DEPTH_LIMIT else None


def _refusal(item: Any) -> str | None:
    match item:
        case None | bool():
            return None
        case str():
            return _text_refusal(item)
        case int() if not INTEGERS[0] <= item <= INTEGERS[1]:
            return "The integer does not fit into 64 bits."
        case float() if not math.isfinite(item):
            return "The number is NaN or an infinity, which JSON does not have."
        case dict() if not all(isinstance(key, str) for key in item):
            return "The object has a key that is not a string."
        case int() | float() | dict() | list() | tuple():
            return None
        case _:
            return f"JSON has no {type(item).__name__}."


def _text_refusal(text: str) -> str | None:
    if "\0" in text:
        return "The text contains a NUL character, which cannot be stored."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "The text contains half of a surrogate pair, which is no character."
    return None
