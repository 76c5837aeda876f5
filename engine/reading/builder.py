"""Builds data from steps, without recursion, and notes where each part of it was."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.pointer import pointer
from engine.problems import FlowProblemCode, Problem
from engine.reading.source import Source
from engine.reading.steps import Action, Span, Step, Unreadable

NESTING_LIMIT = 200


class Refusal(NamedTuple):
    """A problem with a text, where it is, and where the other part is that it has to do with."""

    problem: Problem
    span: Span
    related: Span | None = None

    def __str__(self) -> str:
        return f"{str(self.span.start).capitalize()}: {self.problem.message}"


@dataclass(slots=True)
class _Open:
    """An object or array that is being filled; `key` is the one whose value comes next."""

    data: dict[str, Any] | list[Any]
    path: str
    span: Span
    key: str | None = None


@dataclass(slots=True)
class Builder:
    """Takes the steps of one document."""

    refusals: list[Refusal] = field(default_factory=list)
    _keys: dict[str, Span] = field(default_factory=dict)
    _values: dict[str, Span] = field(default_factory=dict)
    _open: list[_Open] = field(default_factory=list)
    _root: list[Any] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Take the next step; raises `Unreadable` for what leaves no sense in going on."""
        if step.action is Action.CLOSE:
            closed = self._open.pop()
            self._values[closed.path] = Span(closed.span.start, step.span.end)
        elif self._open and isinstance(self._open[-1].data, dict) and self._open[-1].key is None:
            self._take_key(self._open[-1], step)
        else:
            self._take_value(step)

    def source(self) -> Source:
        """The finished data; raises `Unreadable` when there was none."""
        if not self._root:
            raise Unreadable("The text is empty.")
        return Source(self._root[0], self._keys, self._values)

    def _take_key(self, parent: _Open, step: Step) -> None:
        if step.action is Action.OPEN:
            raise Unreadable("A key must be text, not an object or array.", step.span.start)
        key = step.data if isinstance(step.data, str) else str(step.data)
        path = parent.path + pointer(key)
        self._complain(step, path)
        if not isinstance(step.data, str):
            self._add(path, step.span, "A key must be text; put it in quotes.")
        if key in parent.data:
            self._add(path, step.span, f"The key {key!r} is there already.", related=self._keys[path])
        self._keys[path] = step.span
        parent.key = key

    def _take_value(self, step: Step) -> None:
        path = self._place(step)
        self._values[path] = step.span
        self._complain(step, path)
        if step.action is Action.OPEN:
            self._open.append(_Open(step.data, path, step.span))
        if len(self._open) > NESTING_LIMIT:
            raise Unreadable(f"More than {NESTING_LIMIT} levels of nesting.", step.span.start)

    def _place(self, step: Step) -> str:
        """Put a value where it belongs; returns its path."""
        if not self._open:
            self._root.append(step.data)
            return ""
        parent = self._open[-1]
        if isinstance(parent.data, list):
            path = parent.path + pointer(len(parent.data))
            parent.data.append(step.data)
            return path
        return self._place_member(parent.data, parent, step)

    def _place_member(self, members: dict[str, Any], parent: _Open, step: Step) -> str:
        key, parent.key = parent.key or "", None
        members[key] = step.data
        return parent.path + pointer(key)

    def _complain(self, step: Step, path: str) -> None:
        if step.complaint:
            self._add(path, step.span, step.complaint.message, step.complaint.code)

    def _add(
        self,
        path: str,
        span: Span,
        message: str,
        code: FlowProblemCode = FlowProblemCode.INVALID_VALUE,
        related: Span | None = None,
    ) -> None:
        self.refusals.append(Refusal(Problem(path=path, code=code, message=message), span, related))
