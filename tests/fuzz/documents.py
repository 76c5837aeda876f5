"""GraphQL operations: made from the schema with arguments that may be wrong, and texts that ask for far too much."""

import json
import random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
)

from tests.fuzz.flows import Flows
from tests.fuzz.values import MOMENTS, NUMBERS, TEXTS, WORDS, json_value

Body = dict[str, Any]

LARGE = (
    lambda n: "{" * n,
    lambda n: "{ a " * n + "}" * n,
    lambda n: '{ execution(id: "EX0") ' + "{ children { edges { node " * n + "{ id }" + "} } }" * n + " }",
    lambda n: "{ " + " ".join(f"a{i}: viewer {{ id }}" for i in range(n)) + " }",
    lambda n: "{ viewer { " + "id " * n + "} }",
    lambda n: "{ viewer { id " + "@skip(if: false) " * n + "} }",
    lambda n: "{ viewer { " + "... { " * n + "id" + " }" * n + " } }",
    lambda n: (
        "{ viewer { ...F0 } } " + " ".join(f"fragment F{i} on Viewer {{ ...F{i + 1} ...F{i + 1} }}" for i in range(n))
    ),
    lambda n: "{ viewer { ...F } } " + "fragment F on Viewer { ...F } " * n,
    lambda n: "{ viewer { id } } " + "#" * n * 10,
    lambda n: "{ viewer { id } }" + "\n#\n" * n,
    lambda n: "mutation { validateFlow(document: " + "[" * n + "]" * n + ") { valid } }",
    lambda n: "mutation { validateFlow(document: " + "{a: " * n + "1" + "}" * n + ") { valid } }",
    lambda n: "query(" + " ".join(f"$v{i}: Int" for i in range(n)) + ") { viewer { id } }",
    lambda n: "query($v: " + "[" * n + "Int" + "]" * n + ") { viewer { id } }",
    lambda n: " ".join(f"query Q{i} {{ viewer {{ id }} }}" for i in range(n)),
    lambda n: f'{{ execution(id: "{"x" * n}") {{ id }} }}',
    lambda n: f"{{ flows(first: {'9' * n}) {{ edges {{ cursor }} }} }}",
    lambda n: '{ execution(id: """' + '\\""" ' * n + '""") { id } }',
    lambda n: "{ __schema { types { " + "fields { type { " * n + "name" + " } }" * n + " } } }",
    lambda n: (
        '{ node(id: "x") { '
        + " ".join(f"... on Execution {{ x: {'status' if i % 2 else 'id'} }}" for i in range(n))
        + " } }"
    ),
)
"""Texts that ask for too much, by how much."""
AMOUNTS = (1, 10, 60, 250, 1_200, 8_000)


def large_document(dice: random.Random) -> str:
    """A text that asks for much of one thing."""
    return dice.choice(LARGE)(dice.choice(AMOUNTS))


class Operations:
    """Makes operations on a schema; `ids` are such as lead to something, besides those that do not."""

    def __init__(self, schema: GraphQLSchema, dice: random.Random, flows: Flows, ids: dict[str, list[str]]) -> None:
        self._schema = schema
        self._dice = dice
        self._flows = flows
        self._ids = ids
        self._variables: dict[str, tuple[str, Any]] = {}

    def body(self, kinds: tuple[str, ...] = ("query", "query", "mutation")) -> Body:
        """A request for one random operation."""
        self._variables = {}
        kind = self._dice.choice(kinds)
        root = {
            "query": self._schema.query_type,
            "mutation": self._schema.mutation_type,
            "subscription": self._schema.subscription_type,
        }[kind]
        assert root
        name = self._dice.choice(list(root.fields))
        selected = self._field(name, root.fields[name], self._dice.randint(1, 5))
        declared = " ".join(f"${name}: {type}" for name, (type, _) in self._variables.items())
        query = f"{kind} Fuzz{f'({declared})' if declared else ''} {{ {selected} }}"
        return {"query": query, "variables": {name: value for name, (_, value) in self._variables.items()}}

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        chance = self._dice.random()
        alias = f"a{self._dice.randrange(3)}: " if chance < 0.05 else ""
        directive = self._dice.choice((" @skip(if: false)", " @include(if: true)")) if chance > 0.95 else ""
        given = [self._argument(key, arg) for key, arg in field.args.items() if self._is_given(arg)]
        arguments = f"({', '.join(given)})" if given else ""
        return f"{alias}{name}{arguments}{directive}{self._selection(field.type, depth - 1)}"

    def _is_given(self, argument: GraphQLArgument) -> bool:
        return self._dice.random() < (0.98 if isinstance(argument.type, GraphQLNonNull) else 0.4)

    def _selection(self, type: Any, depth: int) -> str:
        named = get_named_type(type)
        if not is_composite_type(named):
            return ""
        return f" {{ __typename {' '.join(self._fields(named, depth))} }}"

    def _fields(self, type: Any, depth: int) -> list[str]:
        if is_abstract_type(type):
            kinds = list(self._schema.get_possible_types(type))
            some = self._dice.sample(kinds, min(len(kinds), 3))
            return [f"... on {kind.name} {{ {' '.join(self._fields(kind, depth)) or '__typename'} }}" for kind in some]
        usable = {
            name: field for name, field in type.fields.items() if depth > 0 or is_leaf_type(get_named_type(field.type))
        }
        some = self._dice.sample(list(usable), min(len(usable), self._dice.randint(1, 6)))
        return [self._field(name, usable[name], depth) for name in some]

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        value = self.value(argument.type, name)
        if self._dice.random() < 0.3:
            return f"{name}: {literal(value)}"
        variable = f"v{len(self._variables)}"
        self._variables[variable] = (str(argument.type), value)
        return f"{name}: ${variable}"

    def value(self, type: Any, name: str) -> Any:
        """A value for an argument or field; one in twelve is of any type at all."""
        if self._dice.random() < 0.08:
            return json_value(self._dice)
        if isinstance(type, GraphQLNonNull):
            return self.value(type.of_type, name)
        if isinstance(type, GraphQLList):
            return [self.value(type.of_type, name) for _ in range(self._dice.choice((0, 1, 1, 2, 3, 101)))]
        if isinstance(type, GraphQLInputObjectType):
            given = {key: field for key, field in type.fields.items() if self._is_given(field)}  # type: ignore[arg-type]
            return {key: self.value(field.type, key) for key, field in given.items()}
        if isinstance(type, GraphQLEnumType):
            return self._dice.choice(list(type.values))
        return self._scalar(type.name, name)

    def _scalar(self, type: str, name: str) -> Any:
        dice = self._dice
        match type:
            case "ID":
                return dice.choice((*self._ids.get(name, ()), *self._ids["id"], *WORDS, *TEXTS))
            case "Int":
                return dice.choice((*range(1, 12), *(n for n in NUMBERS if isinstance(n, int) and abs(n) <= 2**31)))
            case "Float":
                return dice.choice(NUMBERS)
            case "Boolean":
                return dice.random() < 0.5
            case "DateTime":
                return dice.choice(MOMENTS)
            case "JSON":
                return self._flows.document() if name == "document" else dice.choice(({}, json_value(dice)))
            case _:
                return dice.choice((*self._ids.get(name, ()), *self._ids["id"], *WORDS, *TEXTS))


def literal(value: Any) -> str:
    """A value as GraphQL writes it; what it has no way to write makes the document invalid."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(part) for part in value) + "]"
    if isinstance(value, str) and value.isupper() and value.isascii() and value.isidentifier():
        return value
    return json.dumps(value)
