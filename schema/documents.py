"""Parsing and validating each document once; clients send the same few again and again."""

from collections.abc import Iterator
from contextlib import suppress

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


def read_document(text: str) -> DocumentNode:
    """Parse a document, or give what was made of it before; raises `GraphQLError`."""
    return _document(text).node


def is_valid(schema: GraphQLSchema, text: str) -> bool:
    """Whether a document can be parsed, and executed by the rules."""
    return not problems_of(schema, text)


def problems_of(schema: GraphQLSchema, text: str) -> list[GraphQLError]:
    """What keeps a document from being executed."""
    try:
        return _document(text).problems(schema, specified_rules)
    except GraphQLError as error:
        return [error]
    except RecursionError:
        return [GraphQLError("The document is nested too deeply.")]


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
    """Lets no document pass that is too large, and takes short ones out of a cache.

    The schema is shown by introspection only where the context says so.
    """

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = TOKEN_LIMIT
        yield

    def on_parse(self) -> Iterator[None]:
        operation = self.execution_context
        if is_kept(operation.query or ""):
            with suppress(GraphQLError):
                operation.graphql_document = read_document(operation.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        operation = self.execution_context
        if operation.graphql_document:
            rules = operation.validation_rules
            if not operation.context.shows_schema:
                rules = (*rules, NoSchemaIntrospectionCustomRule)
            operation.pre_execution_errors = self._problems(operation.schema._schema, rules)
        yield

    def _problems(self, schema: GraphQLSchema, rules: Rules) -> list[GraphQLError]:
        text, document = self.execution_context.query or "", self.execution_context.graphql_document
        if is_kept(text):
            return _document(text).problems(schema, rules)
        return _problems(schema, document, rules) if document else []
