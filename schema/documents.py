"""Parsing and validating each document once; clients send the same few again and again."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from schema.limits import TOKEN_LIMIT, excess
from storage.kept import Kept

KEPT_LENGTH = 20_000
"""Characters; a longer document is not worth its room."""
KEPT_TOTAL = 400_000
"""Characters of all documents that are kept; parsed, one takes about 130 bytes."""

Rules = tuple[type[ASTValidationRule], ...]

_RULES: Mapping[bool, Rules] = {
    True: tuple(specified_rules),
    False: (*specified_rules, NoSchemaIntrospectionCustomRule),
}


def read_document(text: str) -> DocumentNode:
    """Parse a document, or give what was made of it before; raises `GraphQLError`."""
    return _document(text).node


def is_valid(schema: GraphQLSchema, text: str) -> bool:
    """Whether a document can be parsed, and executed by the rules."""
    return not problems_of(schema, text)


def problems_of(schema: GraphQLSchema, text: str) -> list[GraphQLError]:
    """What keeps a document from being executed."""
    return checked(schema, text, shows_schema=True).problems


class Checked(NamedTuple):
    """A document, and what keeps it from being executed, which may be that there is none."""

    document: DocumentNode | None
    problems: list[GraphQLError]


def checked(schema: GraphQLSchema, text: str, *, shows_schema: bool) -> Checked:
    """Parse and validate a document; it may ask for the schema itself only if that is shown."""
    try:
        found = _document(text)
        return Checked(found.node, found.problems(schema, _RULES[shows_schema]))
    except GraphQLError as error:
        return Checked(None, [error])
    except RecursionError:
        return Checked(None, [GraphQLError("The document is nested too deeply.")])


def is_kept(text: str) -> bool:
    """Whether a document is worth its room."""
    return 0 < len(text) <= KEPT_LENGTH


class _Document:
    def __init__(self, text: str) -> None:
        self.node = parse(text, max_tokens=TOKEN_LIMIT)
        self._problems: dict[tuple[GraphQLSchema, Rules], list[GraphQLError]] = {}

    def problems(self, schema: GraphQLSchema, rules: Rules) -> list[GraphQLError]:
        if (found := self._problems.get((schema, rules))) is None:
            found = self._problems[schema, rules] = _problems(schema, self.node, rules)
        return found


_KEPT: Kept[str, _Document] = Kept(KEPT_TOTAL)


def _document(text: str) -> _Document:
    if (found := _KEPT.get(text)) is None:
        found = _Document(text)
        if is_kept(text):
            _KEPT.keep(text, found, len(text))
    return found


def _problems(schema: GraphQLSchema, document: DocumentNode, rules: Rules) -> list[GraphQLError]:
    if too_much := excess(document):
        return [too_much]
    return validate_document(schema, document, rules)


class CheckedDocuments(SchemaExtension):
    """Lets no document of a subscription pass that has problems, and takes short ones out of a cache."""

    def on_parse(self) -> Iterator[None]:
        operation, shows_schema = self.execution_context, self.execution_context.context.shows_schema
        found = checked(operation.schema._schema, operation.query or "", shows_schema=shows_schema)
        operation.graphql_document, self._problems = found
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = self._problems
        yield
