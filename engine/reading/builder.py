"""Builds data from steps, without recursion, and notes where each part of it was."""

from dataclasses import dataclass, field
from typing import Any

from engine.pointer import parent_of, pointer
from engine.problems import FlowProblemCode, Problem
from engine.reading.steps import Action, Position, Step, Unreadable

NESTING_LIMIT = 200
START = Position(1, 1)


@dataclass(frozen=True, slots=True)
class Source:
    """A document's data, and by JSON Pointer the positions of its parts: of their keys, or of array items."""

    data: Any
    positions: dict[str, Position]

    def locate(self, path: str) -> Position:
        """Where a part of the document is; where it is missing, the nearest part around it."""
        while path and path not in self.positions:
            path = parent_of(path)
        return self.positions.get(path, START)


@dataclass(slots=True)
class _Open:
    """An object or array that is being filled; `key` is the one whose value comes next."""

    data: dict[str, Any] | list[Any]
    path: str
    key: str | None = None


@dataclass(slots=True)
class Builder:
    """Takes the steps of one document."""

    problems: list[Problem] = field(default_factory=list)
    _positions: dict[str, Position] = field(default_factory=dict)
    _open: list[_Open] = field(default_factory=list)
    _root: list[Any] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Take the next step; raises `Unreadable` for what leaves no sense in going on."""
        if step.action is Action.CLOSE:
            self._open.pop()
        elif self._open and isinstance(self._open[-1].data, dict) and self._open[-1].key is None:
            self._take_key(self._open[-1], step)
        else:
            self._take_value(step)

    def source(self) -> Source:
        """The finished data; raises `Unreadable` when there was none."""
        if not self._root:
            raise Unreadable("The text is empty.")
        return Source(self._root[0], self._positions)

    def _take_key(self, parent: _Open, step: Step) -> None:
        if step.action is Action.OPEN:
            raise Unreadable("A key must be text, not an object or array.", step.position)
        key = step.data if isinstance(step.data, str) else str(step.data)
        path = parent.path + pointer(key)
        self._complain(step, path)
        if not isinstance(step.data, str):
            self._add(path, step.position, "A key must be text; put it in quotes.")
        if key in parent.data:
            self._add(path, step.position, f"The key {key!r} is there already.")
        self._positions[path] = step.position
        parent.key = key

    def _take_value(self, step: Step) -> None:
        path = self._place(step)
        self._complain(step, path)
        if step.action is Action.OPEN:
            self._open.append(_Open(step.data, path))
        if len(self._open) > NESTING_LIMIT:
            raise Unreadable(f"More than {NESTING_LIMIT} levels of nesting.", step.position)

    def _place(self, step: Step) -> str:
        """Put a value where it belongs; returns its path."""
        if not self._open:
            self._root.append(step.data)
            return ""
        parent = self._open[-1]
        if isinstance(parent.data, list):
            path = parent.path + pointer(len(parent.data))
            self._positions[path] = step.position
            parent.data.append(step.data)
            return path
        return self._place_member(parent.data, parent, step)

    def _place_member(self, members: dict[str, Any], parent: _Open, step: Step) -> str:
        key, parent.key = parent.key or "", None
        members[key] = step.data
        return parent.path + pointer(key)

    def _complain(self, step: Step, path: str) -> None:
        if step.complaint:
            self._add(path, step.position, step.complaint.message, step.complaint.code)

    def _add(
        self,
        path: str,
        position: Position,
        message: str,
        code: FlowProblemCode = FlowProblemCode.INVALID_VALUE,
    ) -> None:
        text = f"{str(position).capitalize()}: {message}"
        self.problems.append(Problem(path=path, code=code, message=text))
