"""Parsing and validating each document once; clients send the same few again and again."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

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

KEPT_DOCUMENTS = 512
KEPT_LENGTH = 20_000
"""Characters; a longer document is not worth its room."""


def read_document(text: str) -> DocumentNode:
    """Parse a document, or give what was made of it before; raises `GraphQLError`."""
    return _parsed(text) if _is_kept(text) else parse(text, max_tokens=TOKEN_LIMIT)


def is_valid(schema: GraphQLSchema, text: str) -> bool:
    """Whether a document can be parsed, and executed by the rules."""
    return not problems_of(schema, text)


def problems_of(schema: GraphQLSchema, text: str) -> list[GraphQLError]:
    """What keeps a document from being executed."""
    try:
        return _problems(schema, read_document(text), specified_rules)
    except GraphQLError as error:
        return [error]
    except RecursionError:
        return [GraphQLError("The document is nested too deeply.")]


def _is_kept(text: str) -> bool:
    return 0 < len(text) <= KEPT_LENGTH


@lru_cache(maxsize=KEPT_DOCUMENTS)
def _parsed(text: str) -> DocumentNode:
    return parse(text, max_tokens=TOKEN_LIMIT)


def _problems(
    schema: GraphQLSchema, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...]
) -> list[GraphQLError]:
    if too_much := excess(document):
        return [too_much]
    return validate_document(schema, document, rules)


_kept_problems = lru_cache(maxsize=KEPT_DOCUMENTS)(_problems)


class CheckedDocuments(SchemaExtension):
    """Lets no document pass that is too large, and takes short ones out of a cache.

    The schema is shown by introspection only where the context says so.
    """

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = TOKEN_LIMIT
        yield

    def on_parse(self) -> Iterator[None]:
        operation = self.execution_context
        if _is_kept(operation.query or ""):
            with suppress(GraphQLError):
                operation.graphql_document = _parsed(operation.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        operation = self.execution_context
        if operation.graphql_document:
            rules = operation.validation_rules
            if not operation.context.shows_schema:
                rules = (*rules, NoSchemaIntrospectionCustomRule)
            find = _kept_problems if _is_kept(operation.query or "") else _problems
            operation.pre_execution_errors = find(operation.schema._schema, operation.graphql_document, rules)
        yield
