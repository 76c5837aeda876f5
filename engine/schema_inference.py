"""The JSON Schema (draft 2020-12) that a value suggests."""

from typing import Any

from engine.errors import NodeError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_KEYS = 10_000
"""How many keys a schema may describe: a value can have a million, and their schema would be many times as large."""
MOST_LEVELS = 90

_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class _Shape:
    """What the values at one place have in common."""

    def __init__(self) -> None:
        self.types: dict[str, None] = {}
        self.objects = 0
        self.properties: dict[str, _Shape] = {}
        self.times: dict[str, int] = {}
        self.items: _Shape | None = None

    def schema(self) -> dict[str, Any]:
        """The schema of this place."""
        types = [name for name in self.types if name != "integer" or "number" not in self.types]
        schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types} if types else {}
        if self.properties:
            schema["properties"] = {key: shape.schema() for key, shape in self.properties.items()}
        if required := [key for key, times in self.times.items() if times == self.objects]:
            schema["required"] = required
        return schema if self.items is None else {**schema, "items": self.items.schema()}


class _Inference:
    """Looks at values, and counts the keys that it meets."""

    def __init__(self) -> None:
        self._keys = 0

    def look(self, shape: _Shape, data: Any, level: int = 0) -> None:
        """Take one more value at a place into account."""
        if level > MOST_LEVELS:
            raise NodeError(f"it is nested more than {MOST_LEVELS} levels deep, and its schema would be twice as deep.")
        shape.types[_TYPES[type(data)]] = None
        match data:
            case dict():
                self._look_inside(shape, data, level + 1)
            case [_, *_]:
                shape.items = shape.items or _Shape()
                for item in data:
                    self.look(shape.items, item, level + 1)

    def _look_inside(self, shape: _Shape, data: dict[str, Any], level: int) -> None:
        shape.objects += 1
        for key, each in data.items():
            if key not in shape.properties:
                self._count()
                shape.properties[key] = _Shape()
            shape.times[key] = shape.times.get(key, 0) + 1
            self.look(shape.properties[key], each, level)

    def _count(self) -> None:
        self._keys += 1
        if self._keys > MOST_KEYS:
            raise NodeError(f"the schema would describe more than {MOST_KEYS} keys.")


def infer_schema(value: Any) -> dict[str, Any]:
    """A schema that the value fits; raises `NodeError` where it would have more than `MOST_KEYS` keys or the value more
    than `MOST_LEVELS` levels.

    Items of an array share one schema; a key is required where every object at its place has it.
    """
    shape = _Shape()
    _Inference().look(shape, value)
    return {"$schema": DIALECT, **shape.schema()}
