"""YAML 1.2 text as steps, by its core schema (yaml.org/spec/1.2.2, section 10.3), but no aliases and tags."""

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from engine.problems import FlowProblemCode
from engine.reading.steps import (
    NOT_A_NUMBER,
    TOO_LARGE,
    Action,
    Complaint,
    Position,
    Span,
    Step,
    Unreadable,
    number,
    ranged,
)

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_OTHER_BASE = re.compile(r"0(o[0-7]+|x[0-9a-fA-F]+)\Z")
_NOT_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_OTHER_BASE_DIGITS = 25

ALIAS = Complaint(FlowProblemCode.UNSUPPORTED_FORMAT, "Aliases (*name) are not supported; write the value out.")
ANCHOR = Complaint(FlowProblemCode.UNSUPPORTED_FORMAT, "Anchors (&name) are not supported; write the value out.")
TAG = Complaint(FlowProblemCode.UNSUPPORTED_FORMAT, "Tags (!name) are not supported; quotes make a value a text.")


def yaml_steps(text: str) -> Iterator[Step]:
    """Take YAML text apart; raises `Unreadable` where its syntax is wrong."""
    documents = 0
    for event in _events(text):
        if isinstance(event, DocumentStartEvent):
            documents += 1
            _check_document(event, documents)
        elif step := _step(event):
            yield step


def _events(text: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise Unreadable(f"{message}.", mark and _position(mark)) from None
    except ReaderError as error:
        raise Unreadable("A control character is not allowed in YAML.", _place(text, error.position)) from None
    except (YAMLError, ValueError, OverflowError) as error:
        raise Unreadable(f"The text is not valid YAML: {error}.") from None


def _place(text: str, offset: int) -> Position:
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _position(mark: StringMark) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _span(event: Any) -> Span:
    return Span(_position(event.start_mark), _position(event.end_mark))


def _check_document(event: DocumentStartEvent, number_in_text: int) -> None:
    position = _position(event.start_mark)
    if number_in_text > 1:
        raise Unreadable("A second document begins; there must be one only.", position)
    if event.version not in (None, (1, 2)):
        raise Unreadable("The version of YAML must be 1.2.", position)


def _step(event: Any) -> Step | None:
    match event:
        case ScalarEvent():
            return _scalar(event)
        case MappingStartEvent():
            return Step(Action.OPEN, {}, _span(event), _decoration(event))
        case SequenceStartEvent():
            return Step(Action.OPEN, [], _span(event), _decoration(event))
        case MappingEndEvent() | SequenceEndEvent():
            return Step(Action.CLOSE, None, _span(event))
        case AliasEvent():
            return Step(Action.SCALAR, "", _span(event), ALIAS)
        case _:
            return None


def _decoration(event: Any) -> Complaint | None:
    if event.anchor is not None:
        return ANCHOR
    return None if event.tag is None else TAG


def _scalar(event: ScalarEvent) -> Step:
    data, complaint = (event.value, None) if event.style else resolve(event.value)
    return Step(Action.SCALAR, data, _span(event), _decoration(event) or complaint)


def resolve(plain: str) -> tuple[Any, Complaint | None]:
    """What a plain scalar means in the core schema."""
    if plain in _WORDS:
        return _WORDS[plain], None
    if _DECIMAL.match(plain):
        return number(plain)
    if _OTHER_BASE.match(plain):
        return ranged(int(plain, 0)) if len(plain) < _OTHER_BASE_DIGITS else (None, TOO_LARGE)
    return (None, NOT_A_NUMBER) if _NOT_NUMBER.match(plain) else (plain, None)
