"""JSON text (RFC 8259) as steps."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

from engine.reading.steps import NOT_A_NUMBER, Action, Position, Span, Step, Unreadable, number

# json.loads has judged the syntax before: commas, colons and white space between the tokens can be skipped.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s{}\[\]",:]+')
_NEWLINE = re.compile(r"\n|\r\n?")
_LITERALS = {"true": True, "false": False, "null": None}
_NOT_NUMBERS = ("NaN", "Infinity", "-Infinity")


def json_steps(text: str) -> Iterator[Step]:
    """Take JSON text apart; raises `Unreadable` where its syntax is wrong."""
    _check_syntax(text)
    lines = [0, *(found.end() for found in _NEWLINE.finditer(text))]
    for token in _TOKEN.finditer(text):
        start = _position(lines, token.start())
        yield _step(token[0], Span(start, Position(start.line, start.column + len(token[0]))))


def _check_syntax(text: str) -> None:
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        raise Unreadable(f"{error.msg}.", Position(error.lineno, error.colno)) from None
    except RecursionError:
        raise Unreadable("Too many levels of nesting.") from None


def _position(lines: list[int], offset: int) -> Position:
    line = bisect_right(lines, offset)
    return Position(line, offset - lines[line - 1] + 1)


def _step(token: str, span: Span) -> Step:
    match token:
        case "{":
            return Step(Action.OPEN, {}, span)
        case "[":
            return Step(Action.OPEN, [], span)
        case "}" | "]":
            return Step(Action.CLOSE, None, span)
        case _:
            return _scalar(token, span)


def _scalar(token: str, span: Span) -> Step:
    if token[0] == '"':
        return Step(Action.SCALAR, json.loads(token) if "\\" in token else token[1:-1], span)
    if token in _LITERALS:
        return Step(Action.SCALAR, _LITERALS[token], span)
    if token in _NOT_NUMBERS:
        return Step(Action.SCALAR, None, span, NOT_A_NUMBER)
    data, complaint = number(token)
    return Step(Action.SCALAR, data, span, complaint)
