"""A flow in a file: read, and checked with the place of every problem."""

import sys
from dataclasses import dataclass
from typing import Any

from engine.document import FlowDocument
from engine.errors import TidegateError
from engine.nodes import BUILT_IN
from engine.reading import InvalidText, Source, format_of, read_document
from engine.registry import NodeTypes
from engine.validation import check_document
from tidegate.diagnostics import Diagnosis, Diagnostic, lines_of, located, refused
from tidegate.text_file import decoded, read_text

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class FlowFile:
    """A valid flow: `data` as the file has it, `document` as the engine reads it."""

    data: Any
    document: FlowDocument


class InvalidFlowFile(TidegateError):
    """A flow file with its problems; as a message, the first of them."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        first, *others = diagnosis.diagnostics
        place, path = first.span.start, diagnosis.path
        more = f" (and {len(others)} more; see: tidegate validate {path})" if others else ""
        super().__init__(f"{path}:{place.line}:{place.column}: {first.problem.message}{more}")
        self.diagnosis = diagnosis


def read_flow_file(path: str, node_types: NodeTypes = BUILT_IN) -> FlowFile:
    """Read and check the flow in a YAML or JSON file, or in either from standard input if the path is `-`.

    Raises `UnreadableFile` or `InvalidFlowFile`.
    """
    text = decoded(sys.stdin.buffer.read(), path) if path == STANDARD_INPUT else read_text(path)
    lines = lines_of(text)
    source, found = _read(text, path)
    document, problems = check_document(source.data, node_types) if source else (None, [])
    if source:
        found += located(problems, source, lines)
    if source is None or document is None or found:
        raise InvalidFlowFile(Diagnosis(path, lines, sorted(found, key=lambda each: each.span)))
    return FlowFile(source.data, document)


def _read(text: str, path: str) -> tuple[Source | None, list[Diagnostic]]:
    try:
        return read_document(text, format_of(path)), []
    except InvalidText as error:
        return error.source, list(refused(error.refusals))
