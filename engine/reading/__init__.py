"""Flow documents as text: JSON, or YAML 1.2 in its core schema, to data that remembers where everything was.

Both are taken apart into the same few steps, from which `builder` makes the data; so both refuse the same.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import PurePath

from engine.document import DOCUMENT_BYTES
from engine.errors import InvalidDocument
from engine.problems import FlowProblemCode, Problem
from engine.reading.builder import Builder, Refusal
from engine.reading.json_steps import json_steps
from engine.reading.source import Source
from engine.reading.steps import Position, Span, Step, Unreadable
from engine.reading.yaml_steps import yaml_steps

__all__ = ["Format", "InvalidText", "Position", "Refusal", "Source", "Span", "format_of", "read_document"]


class InvalidText(InvalidDocument):
    """A text is no document; `refusals` say where and why, `source` is what could be read, if anything."""

    def __init__(self, refusals: Sequence[Refusal], source: Source | None = None) -> None:
        super().__init__([refusal.problem for refusal in refusals])
        self.refusals = tuple(refusals)
        self.source = source


class Format(StrEnum):
    """How a document is written."""

    JSON = "json"
    YAML = "yaml"


def format_of(path: str | PurePath) -> Format:
    """The format that a file's name tells: JSON for `.json`, YAML for all others."""
    return Format.JSON if PurePath(path).suffix.lower() == ".json" else Format.YAML


def read_document(text: str, format: Format) -> Source:
    """Read text of at most 4 MiB to data; raises `InvalidText`.

    What cannot be read at all (syntax, several documents, nesting beyond 200 levels) is a single problem, and leaves
    nothing read. All others are reported at once: repeated keys, keys that are not text, numbers beyond 64 bits, NaN
    and infinities, aliases, anchors and tags.
    """
    builder = Builder()
    try:
        for step in _steps(text.removeprefix("\ufeff"), format):
            builder.take(step)
        source = builder.source()
    except Unreadable as error:
        problem = Problem(path="", code=FlowProblemCode.UNSUPPORTED_FORMAT, message=str(error))
        raise InvalidText([Refusal(problem, error.span)]) from None
    if builder.refusals:
        raise InvalidText(builder.refusals, source)
    return source


def _steps(text: str, format: Format) -> Iterator[Step]:
    size = len(text.encode(errors="surrogatepass"))
    if size > DOCUMENT_BYTES:
        raise Unreadable(f"The text has {size} bytes; the limit is {DOCUMENT_BYTES}.")
    return json_steps(text) if format is Format.JSON else yaml_steps(text)
