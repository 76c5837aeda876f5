"""Shows what is wrong with a flow file: to people with the lines of the source, to programs as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from engine.reading import Span
from tidegate.diagnostics import Diagnosis, Diagnostic
from tidegate.printable import printable

WIDTH = 120
"""Characters of a source line that are shown; of a longer one, those around the problem."""
BEFORE = 40


def print_diagnosis(diagnosis: Diagnosis, file: TextIO) -> None:
    """Print each problem as `file:line:column: path: message`, and under it the source line with the place marked."""
    console = Console(file=file, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for diagnostic in diagnosis.diagnostics:
        console.print(_headline(diagnosis.path, diagnostic))
        for line in _excerpt(diagnosis.lines, diagnostic.span):
            console.print(line)


def json_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """Each problem as a line of JSON; lines and columns count from 1, an end is behind the last character."""
    for diagnostic in diagnosis.diagnostics:
        problem, related = diagnostic.problem, diagnostic.related
        yield orjson.dumps(
            {
                "file": diagnosis.path,
                **_place(diagnostic.span),
                "path": problem.path,
                "code": problem.code,
                "message": _on_one_line(problem.message),
                "related": related and _place(related),
            }
        ).decode()


def _place(span: Span) -> dict[str, Any]:
    (line, column), (end_line, end_column) = span
    return {"line": line, "column": column, "endLine": end_line, "endColumn": end_column}


def _headline(path: str, diagnostic: Diagnostic) -> Text:
    place, problem, related = diagnostic.span.start, diagnostic.problem, diagnostic.related
    other = f" See {path}:{related.start.line}:{related.start.column}." if related else ""
    message = f"{_on_one_line(problem.message)}{other}"
    return Text.assemble(
        (f"{path}:{place.line}:{place.column}", "bold"), printable(f": {problem.path or '/'}: {message}")
    )


def _on_one_line(message: str) -> str:
    return " ".join(message.split())


def _excerpt(lines: Sequence[str], span: Span) -> Iterator[Text]:
    (number, column), (end_line, end_column) = span
    if number > len(lines) or not lines[number - 1].strip():
        return
    line = "".join(each if each.isprintable() else " " for each in lines[number - 1].rstrip())
    start, end = column - 1, end_column - 1 if end_line == number else len(line)
    cut = max(0, start - BEFORE) if len(line) > WIDTH else 0
    shown = line[cut : cut + WIDTH]
    marks = "^" * max(1, cell_len(shown[start - cut : end - cut]))
    gutter = f"{number:>5} │ "
    yield Text.assemble((gutter, "dim"), "…" if cut else "", shown, "…" if len(line) > cut + WIDTH else "")
    yield Text.assemble((f"{'':>5} │ ", "dim"), " " * (cell_len(shown[: start - cut]) + bool(cut)), (marks, "bold red"))
