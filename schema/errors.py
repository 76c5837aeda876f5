"""The one place where what went wrong becomes a GraphQL error with a code.

A `TidegateError` shows its message, code and extensions. What the client's document or variables did wrong gets its
code here. Anything else is a defect: it is logged under an id, and only that id is shown. What ends a stream before its
time also shows where to resume.
"""

import logging
import re
import secrets
from collections.abc import Mapping
from typing import Any

from asyncpg.exceptions import DataError
from graphql import GraphQLError, GraphQLSyntaxError, parse

from engine.errors import BadUserInput, QueryTooComplex, ShuttingDown, TidegateError
from schema.variables import place_of_variable

logger = logging.getLogger("tidegate.errors")

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
TOO_COMPLEX = QueryTooComplex.code

_VARIABLE = re.compile(r"Variable '\$(\w+)' has invalid (?:default )?value(?: at ((?:\.\w+|\[\d+\])+))?:")
_ARGUMENT = re.compile(r"Argument '(?:\w+\.\w+\()?(\w+)")
_STEP = re.compile(r"\w+")
_HINT = re.compile(r" Did you mean .*?\?", re.DOTALL)
_TOO_MANY_TOKENS = "Document contains more than"


class Interrupted(Exception):
    """A stream has ended before its time: `cause` says why, `resume` where to go on, in the words of its batches."""

    def __init__(self, cause: Exception, resume: Mapping[str, Any]) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.resume = resume


def error_for_client(error: GraphQLError) -> GraphQLError:
    """Give an error its code, and keep to ourselves what is none of the client's business."""
    cause = error.original_error
    if error.extensions and "code" in error.extensions:
        return error
    if isinstance(cause, Interrupted):
        return _resumable(error, cause)
    if isinstance(cause, TidegateError) and (cause.code != TidegateError.code or isinstance(cause, ShuttingDown)):
        return coded(error, cause.code, cause.message, cause.extensions)
    if isinstance(cause, DataError):
        return coded(
            error, BadUserInput.code, "A text has NUL characters or lone surrogates, or a number is too large."
        )
    if cause is not None and not isinstance(cause, GraphQLError):
        return _masked(error, cause)
    return _fault_of_request(error)


def without_hint(error: GraphQLError) -> GraphQLError:
    """The same error without the names of the schema that the library suggests; our own errors stay as they are."""
    if not isinstance(error.original_error, GraphQLError | None) or " Did you mean " not in error.message:
        return error
    message = _HINT.sub("", error.message)
    return GraphQLError(
        message, error.nodes, error.source, error.positions, error.path, extensions=error.extensions or None
    )


def shown(error: TidegateError) -> GraphQLError:
    """An error of ours that comes before any operation."""
    return GraphQLError(error.message, extensions={"code": error.code, **error.extensions})


def coded(
    error: GraphQLError, code: str, message: str | None = None, extensions: Mapping[str, Any] | None = None
) -> GraphQLError:
    """The same error, in the same place, with a code."""
    return GraphQLError(
        message or error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code, **(extensions or {})},
    )


def _resumable(error: GraphQLError, interrupted: Interrupted) -> GraphQLError:
    shown = error_for_client(
        GraphQLError(error.message, error.nodes, path=error.path, original_error=interrupted.cause)
    )
    known = shown.extensions or {}
    return coded(shown, known["code"], extensions={**known, **interrupted.resume})


def _fault_of_request(error: GraphQLError) -> GraphQLError:
    if isinstance(error, GraphQLSyntaxError):
        return coded(error, TOO_COMPLEX if _TOO_MANY_TOKENS in error.message else PARSE_FAILED)
    if match := _VARIABLE.match(error.message):
        return coded(error, BadUserInput.code, extensions={"field": _field_of_variable(error, *match.groups())})
    if error.path and (match := _ARGUMENT.match(error.message)):
        return coded(error, BadUserInput.code, extensions={"field": match[1]})
    return coded(error, VALIDATION_FAILED)


def _masked(error: GraphQLError, cause: BaseException) -> GraphQLError:
    error_id = secrets.token_hex(8)
    logger.error("error %s at %s", error_id, error.path, exc_info=cause)
    return coded(
        error, TidegateError.code, f"Something went wrong here; the log has it as {error_id}.", {"id": error_id}
    )


def _field_of_variable(error: GraphQLError, variable: str, path: str | None) -> str:
    """Where the wrong part of a variable is, dotted, as seen from the arguments of the field that takes it."""
    place = place_of_variable(parse(error.source), variable) if error.source else [variable]
    return ".".join([*place, *_STEP.findall(path or "")])
