"""Flow documents: the examples, damaged in their structure, their values and what is written in their texts."""

import copy
import random
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from engine.nodes import BUILT_IN
from tests.fuzz.values import json_value

Json = Any

EXAMPLES = Path(__file__).parents[2] / "examples"
TYPES = tuple(type for type in BUILT_IN)

LOOP = {"$ref": "#"}
SCHEMAS: tuple[Json, ...] = (
    LOOP,
    {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    {"$ref": "#/$defs/a0", "$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)}},
    {"$ref": "#/nowhere"},
    {"$ref": "http://127.0.0.1:1/schema.json"},
    {"$ref": "file:///etc/passwd"},
    {"$id": "http://[", "$ref": "x"},
    {"$dynamicRef": "#a", "$dynamicAnchor": "a"},
    {"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": True},
    {"$schema": 7},
    {"properties": {"a": LOOP}, "additionalProperties": LOOP},
    {"anyOf": [LOOP, LOOP]},
    {"not": LOOP},
    {"pattern": "^(a+)+$"},
    {"pattern": "(" * 2000},
    {"pattern": "(?<=a)b"},
    {"pattern": "((a{1,100}){1,100}){1,100}"},
    {"patternProperties": {"(a|a)*b": {}}},
    {"type": "number", "multipleOf": 0},
    {"type": "number", "multipleOf": 1e-308},
    {"type": "number", "minimum": "x"},
    {"type": ["string", 7, None]},
    {"enum": []},
    {"enum": list(range(2000))},
    {"uniqueItems": True, "items": {}},
    {"format": "idn-email", "contentEncoding": "base64"},
    {"minLength": -1},
    {"minLength": 10**30},
    True,
    False,
)
EXPRESSIONS = (
    *(
        "(" * 3000,
        "1" + "+1" * 3000,
        "[1,2,3].map(x, [1,2,3].map(y, x * y))",
        "a ? b : c",
        "'" + "x" * 9000,
        "1/0",
        "{}.a.b.c",
    ),
    *("x.matches('(a+)+$')", "9223372036854775807 + 1", "\0", "\ud800", "[" * 500 + "]" * 500, "!" * 2000 + "true"),
    *(
        "{% for a in range(10**9) %}{{ a }}{% endfor %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 'a' * 10**9 }}",
        "{% include 'x' %}",
    ),
    *(
        "{{ " * 2000,
        "{{ " + "(" * 2000,
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{{ a|" + "upper|" * 900 + "upper }}",
    ),
    *(
        "(a+)+$",
        "(?P<x>a)(?P=x)",
        "(((a{1,99}){1,99}){1,99})",
        "[" * 999,
        "http://[",
        "http://127.0.0.1:1",
        "file:///etc/passwd",
    ),
)
IDS = ("a", "a" * 64, "a" * 100_000, "__x", "a.b", "a b", "", "0", "é", "\0", "\ud800", "$", "../a")


def _examples() -> list[Json]:
    reader = YAML(typ="safe", pure=True)
    return [reader.load(path.read_text()) for path in sorted(EXAMPLES.glob("*.yaml")) if "log" not in path.stem]


class Flows:
    """Gives documents: some as they are, most damaged."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.valid = _examples()

    def document(self) -> Json:
        """One document."""
        document = copy.deepcopy(self._dice.choice(self.valid))
        for _ in range(self._dice.choice((0, 1, 1, 1, 2, 6))):
            self._damage(document)
        return document

    def _damage(self, document: Json) -> None:
        damage = self._dice.choice(
            (
                self._replace,
                self._replace,
                self._say,
                self._join,
                self._multiply,
                self._retype,
                self._rename,
                self._lose,
            )
        )
        nodes, edges = document.get("nodes"), document.get("edges")
        if isinstance(nodes, list) and nodes and isinstance(edges, list):
            damage(document, nodes, edges)

    def _replace(self, document: Json, nodes: list[Json], edges: list[Json]) -> None:
        place = self._place(document)
        place[self._key(place)] = json_value(self._dice)

    def _lose(self, document: Json, nodes: list[Json], edges: list[Json]) -> None:
        place = self._place(document)
        del place[self._key(place)]

    def _say(self, document: Json, nodes: list[Json], edges: list[Json]) -> None:
        """A schema or a text to be evaluated, where the node has or may have one."""
        inputs = self._inputs(nodes)
        name = self._dice.choice((*inputs, "schema", "expression", "template", "pattern", "url"))
        inputs[name] = copy.deepcopy(self._dice.choice((*SCHEMAS, *EXPRESSIONS)))

    def _join(self, document: Json, nodes: list[Json], edges: list[Json]) -> None:
        """Edges anywhere, circles among them."""
        ends = [end for edge in edges if isinstance(edge, dict) for end in edge.values()] or ["a.b"]
        edges += [
            {"from": self._dice.choice(ends), "to": self._dice.choice(ends)} for _ in range(self._dice.choice((1, 5)))
        ]

    def _multiply(self, document: Json, nodes: list[Json], edges: list[Json]) -> None:
        listed = self._dice.choice((nodes, edges))
        if listed:
            listed += copy.deepcopy([self._dice.choice(listed)] * self._dice.choice((1, 1, 30, 1_000)))

    def _retype(self, document: Json, nodes: list[Json], edges: list[Json]) -> None:
        node = self._dice.choice(nodes)
        if isinstance(node, dict):
            node["type"] = self._dice.choice((*TYPES, "no.such", "", "x" * 10_000))

    def _rename(self, document: Json, nodes: list[Json], edges: list[Json]) -> None:
        """Another id, or a parent: maybe the node itself."""
        node = self._dice.choice(nodes)
        if isinstance(node, dict):
            others = [other.get("id") for other in nodes if isinstance(other, dict)]
            node[self._dice.choice(("id", "parent"))] = self._dice.choice((*IDS, *others))

    def _inputs(self, nodes: list[Json]) -> Json:
        node = self._dice.choice(nodes)
        if not isinstance(node, dict) or not isinstance(node.setdefault("inputs", {}), dict):
            return {}
        return node["inputs"]

    def _place(self, value: Json) -> Json:
        """Some object or list in the document that is not empty."""
        while inner := [part for part in self._parts(value) if isinstance(part, (dict, list)) and part]:
            if self._dice.random() < 0.25:
                break
            value = self._dice.choice(inner)
        return value

    def _parts(self, value: Json) -> list[Json]:
        return list(value.values()) if isinstance(value, dict) else value

    def _key(self, place: Json) -> Any:
        return self._dice.choice(list(place)) if isinstance(place, dict) else self._dice.randrange(len(place))
