"""Which node types exist, by name."""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import TypeGuard

from engine.errors import TidegateError
from engine.node import AnyNode, Node

NodeTypes = Mapping[str, type[AnyNode]]
"""Node types by name."""

TYPE_PATTERN = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")


class InvalidNodeType(TidegateError):
    """The node type cannot be registered."""


class Registry(Mapping[str, type[AnyNode]]):
    """Node types by name, in order of name.

    `guests` are those that did not come with Tidegate; on the event loop they are watched. `absent` says, by name, why
    types that somebody wanted are not there.
    """

    def __init__(
        self,
        types: Iterable[type[AnyNode]],
        guests: Iterable[type[AnyNode]] = (),
        absent: Mapping[str, str] | None = None,
    ) -> None:
        self._types: dict[str, type[AnyNode]] = {}
        came = tuple(guests)
        for node_type in sorted((*types, *came), key=lambda each: each.type):
            self._add(node_type)
        self.guests = frozenset(each.type for each in came)
        self.absent = absent or {}

    def _add(self, node_type: type[AnyNode]) -> None:
        name = node_type.type
        if not TYPE_PATTERN.match(name):
            raise InvalidNodeType(f"The node type name {name!r} is not of the form category.name.")
        if name in self._types:
            raise InvalidNodeType(f"The node type {name!r} is registered twice.")
        self._types[name] = node_type

    def __getitem__(self, name: str) -> type[AnyNode]:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


def types_of(module: ModuleType) -> list[type[AnyNode]]:
    """The node types that a module defines itself, in the order in which it does; not those that it imports."""
    return [each for each in vars(module).values() if _is_type(each) and each.__module__ == module.__name__]


def _is_type(found: object) -> TypeGuard[type[AnyNode]]:
    return isinstance(found, type) and issubclass(found, Node) and "type" in vars(found)


def absence(name: str, node_types: NodeTypes) -> str:
    """A sentence, with a space before it, on why a type that was wanted is not there; empty where nothing is known."""
    reason = node_types.absent.get(name) if isinstance(node_types, Registry) else None
    return f" {reason}" if reason else ""
