"""The problems of a flow file, each with where in the text it is."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.problems import FlowProblemCode, Problem
from engine.reading import Position, Refusal, Source, Span

_NEWLINE = re.compile(r"\r\n|\r|\n")
_EDGE_END = re.compile(r"/edges/\d+/(from|to)\Z")
_REFERENCE = re.compile(r"(['\"]?)([^.\\]+)\.([^.\\]+)\1\Z")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong, where, and where the other part is that it has to do with."""

    problem: Problem
    span: Span
    related: Span | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A file's text as lines, and its problems in the order of their places."""

    path: str
    lines: Sequence[str]
    diagnostics: Sequence[Diagnostic]


def lines_of(text: str) -> list[str]:
    """A text as lines that are numbered as `Position` numbers them."""
    return _NEWLINE.split(text.removeprefix("\ufeff"))


def refused(refusals: Iterable[Refusal]) -> Iterator[Diagnostic]:
    """What is wrong with a text."""
    for refusal in refusals:
        yield Diagnostic(refusal.problem, refusal.span, refusal.related)


def located(problems: Iterable[Problem], source: Source, lines: Sequence[str]) -> Iterator[Diagnostic]:
    """What is wrong with a document."""
    for problem in problems:
        related = None if problem.related is None else source.value(problem.related)
        yield Diagnostic(problem, _span(problem, source, lines), related)


def _span(problem: Problem, source: Source, lines: Sequence[str]) -> Span:
    is_end = _EDGE_END.match(problem.path) is not None
    match problem.code:
        case FlowProblemCode.UNKNOWN_KEY:
            return source.key(problem.path)
        case FlowProblemCode.UNKNOWN_PORT if not is_end:
            return source.key(problem.path)
        case FlowProblemCode.UNKNOWN_PORT | FlowProblemCode.UNKNOWN_NODE if is_end:
            return _half(source.value(problem.path), problem.code is FlowProblemCode.UNKNOWN_PORT, lines)
        case _:
            return source.value(problem.path)


def _half(span: Span, port: bool, lines: Sequence[str]) -> Span:
    """Of a reference, the node or the port, where it is written plainly."""
    start, end = span
    written = lines[start.line - 1][start.column - 1 : end.column - 1] if start.line == end.line <= len(lines) else ""
    found = _REFERENCE.match(written)
    if found is None:
        return span
    first, last = found.span(3 if port else 2)
    return Span(Position(start.line, start.column + first), Position(start.line, start.column + last))
