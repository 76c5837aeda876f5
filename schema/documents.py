"""Parsing and validating each document once; clients send the same few again and again."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from graphql import ASTValidationRule, DocumentNode, GraphQLError, GraphQLSchema, parse, specified_rules
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from schema.limits import TOKEN_LIMIT, SizeLimit

KEPT_DOCUMENTS = 512
KEPT_LENGTH = 20_000
"""Characters; a longer document is not worth its room."""


RULES: tuple[type[ASTValidationRule], ...] = (*specified_rules, SizeLimit)
"""What every document is held against, whether it is executed or only kept."""


def read_document(text: str) -> DocumentNode:
    """Parse a document, or give what was made of it before; raises `GraphQLError`."""
    return _parsed(text) if _is_kept(text) else parse(text, max_tokens=TOKEN_LIMIT)


def is_valid(schema: GraphQLSchema, text: str) -> bool:
    """Whether a document can be parsed, and executed by the rules."""
    return not problems_of(schema, text)


def problems_of(schema: GraphQLSchema, text: str) -> list[GraphQLError]:
    """What keeps a document from being executed."""
    try:
        return _problems(schema, read_document(text), RULES)
    except GraphQLError as error:
        return [error]
    except RecursionError:
        return [GraphQLError("The document is nested too deeply.")]


def _is_kept(text: str) -> bool:
    return 0 < len(text) <= KEPT_LENGTH


@lru_cache(maxsize=KEPT_DOCUMENTS)
def _parsed(text: str) -> DocumentNode:
    return parse(text, max_tokens=TOKEN_LIMIT)


@lru_cache(maxsize=KEPT_DOCUMENTS)
def _problems(
    schema: GraphQLSchema, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...]
) -> list[GraphQLError]:
    return validate_document(schema, document, rules)


class KeepDocuments(SchemaExtension):
    """Takes short documents out of a cache."""

    def on_parse(self) -> Iterator[None]:
        operation = self.execution_context
        if self._is_kept():
            with suppress(GraphQLError):
                operation.graphql_document = _parsed(operation.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        operation = self.execution_context
        if self._is_kept() and operation.graphql_document:
            operation.pre_execution_errors = _problems(
                operation.schema._schema, operation.graphql_document, operation.validation_rules
            )
        yield

    def _is_kept(self) -> bool:
        return _is_kept(self.execution_context.query or "")
