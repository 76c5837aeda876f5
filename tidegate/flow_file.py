"""A flow in a file: read, and checked with the line and column of every problem."""

import re
from dataclasses import dataclass
from typing import Any

from engine.document import FlowDocument
from engine.errors import InvalidDocument, TidegateError
from engine.nodes import BUILT_IN
from engine.problems import Problem
from engine.reading import Position, Source, format_of, read_document
from engine.validation import check_document
from tidegate.text_file import read_text

_TOLD_POSITION = re.compile(r"Line (\d+), column (\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FlowFile:
    """A valid flow: `data` as the file has it, `document` as the engine reads it."""

    data: Any
    document: FlowDocument


class InvalidFlowFile(TidegateError):
    """A flow file with its problems, each as a line `file:line:column: path: message`."""

    def __init__(self, path: str, lines: list[str]) -> None:
        more = f" (and {len(lines) - 1} more; see: tidegate validate {path})" if len(lines) > 1 else ""
        super().__init__(f"{lines[0]}{more}")
        self.lines = lines


def read_flow_file(path: str) -> FlowFile:
    """Read and check the flow in a YAML or JSON file; raises `UnreadableFile` or `InvalidFlowFile`."""
    try:
        source = read_document(read_text(path), format_of(path))
    except InvalidDocument as error:
        raise InvalidFlowFile(path, [_unread(path, problem) for problem in error.problems]) from None
    document, problems = check_document(source.data, BUILT_IN)
    if document is None:
        raise InvalidFlowFile(path, [_located(path, problem, source) for problem in problems])
    return FlowFile(source.data, document)


def _unread(path: str, problem: Problem) -> str:
    # What fails while the text is read has no source to look it up in, but says its position itself.
    told = _TOLD_POSITION.match(problem.message)
    if not told:
        return _line(path, Position(1, 1), problem.path, problem.message)
    return _line(path, Position(int(told[1]), int(told[2])), problem.path, told[3])


def _located(path: str, problem: Problem, source: Source) -> str:
    return _line(path, source.locate(problem.path), problem.path, problem.message)


def _line(path: str, position: Position, pointer: str, message: str) -> str:
    return f"{path}:{position.line}:{position.column}: {pointer or '/'}: {' '.join(message.split())}"
