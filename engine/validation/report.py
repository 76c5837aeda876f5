"""The problems found so far, one for each place and kind."""

import difflib
from collections.abc import Collection

from engine.pointer import pointer
from engine.problems import FlowProblemCode, Problem

COMPARISONS = 20_000
LONGEST_NAME = 100


class Report:
    """Collects problems; knows how to suggest the name that was probably meant.

    Comparing names costs time, and a document may have many thousands of wrong ones: after `COMPARISONS`
    comparisons the suggestions end, the problems do not.
    """

    def __init__(self) -> None:
        self._problems: dict[tuple[str, FlowProblemCode], Problem] = {}
        self._comparisons = COMPARISONS

    @property
    def problems(self) -> list[Problem]:
        """The problems in the order in which they were found."""
        return list(self._problems.values())

    def add(
        self,
        path: tuple[str | int, ...],
        code: FlowProblemCode,
        message: str,
        related: tuple[str | int, ...] | None = None,
    ) -> None:
        """Note a problem; the first one of its kind at a place stays. `related` is the other place it is about."""
        other = None if related is None else pointer(*related)
        problem = Problem(path=pointer(*path), code=code, message=message, related=other)
        self._problems.setdefault((problem.path, code), problem)

    def suggest(self, name: str, names: Collection[str]) -> str:
        """A sentence, with a space before it, that names the nearest of `names`; empty when none is near."""
        self._comparisons -= len(names)
        if self._comparisons < 0 or len(name) > LONGEST_NAME:
            return ""
        near = difflib.get_close_matches(name, names, 1)
        return f" Did you mean {near[0]!r}?" if near else ""

    def in_document_order(self) -> list[Problem]:
        """The problems as a reader of the document meets them: its head, its nodes, its edges."""
        return sorted(self.problems, key=lambda problem: _place(problem.path))


def _place(path: str) -> tuple[int, int]:
    parts = path.split("/")
    section = ("nodes", "edges").index(parts[1]) + 1 if len(parts) > 1 and parts[1] in ("nodes", "edges") else 0
    return section, int(parts[2]) if section and len(parts) > 2 and parts[2].isdecimal() else -1


def shown(name: object) -> str:
    """A name as messages show it: quoted, and cut when it is long."""
    text = repr(name)
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"
