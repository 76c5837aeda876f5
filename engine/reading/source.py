"""A document that remembers where everything was in its text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.pointer import parent_of
from engine.reading.steps import START, Span


@dataclass(frozen=True, slots=True)
class Source:
    """A document's data, and by JSON Pointer where the keys and the values of its parts are."""

    data: Any
    keys: Mapping[str, Span]
    values: Mapping[str, Span]

    def key(self, path: str) -> Span:
        """Where the key of a part is, or an array's item; where it is missing, the nearest part around it."""
        while path not in self.keys and path not in self.values and path:
            path = parent_of(path)
        return self.keys.get(path) or self.values.get(path, START)

    def value(self, path: str) -> Span:
        """Where the value of a part is; where it is missing, the key of the nearest part around it."""
        return self.values.get(path) or self.key(path)
