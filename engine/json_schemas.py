"""JSON Schemas that come from users: checked offline, with patterns that cannot run away.

References are resolved within the schema only; nothing is fetched. `pattern` and `patternProperties` use RE2.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from itertools import count, islice
from typing import Any

import orjson
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from engine import patterns
from engine.errors import NodeError, ValueRefused
from engine.pointer import pointer
from engine.values import encode

Errors = Iterator[ValidationError]
Keyword = Callable[[Any, Any, Any, Any], Errors]

MOST_REFERENCES = 10_000
"""How often references may be followed for one value: thirty that refer to the next one twice would never end."""
MOST_TOGETHER = 50_000
"""How often for all values that are checked together: a flow may have thousands of schemas."""
KEPT_LENGTH = 2_000
"""Bytes of a schema that it is remembered for whether it is valid, as flows have the same ones again and again."""

MOST_MISFITS = 100
MESSAGE_LENGTH = 300
"""Characters of a message that are told."""
QUICK_LENGTH = 4_000
QUICK_STEPS = 250_000

_REFERENCES = (b'"$ref"', b'"$dynamicRef"')
_left_together: ContextVar[Iterator[int]] = ContextVar("left_together")
_references_left: ContextVar[Iterator[int]] = ContextVar("references_left")
_being_followed: ContextVar[set[tuple[int, int]]] = ContextVar("being_followed")


class UnusableSchema(NodeError):
    """No value can be held against the schema."""

    error_code = "INPUT"


class _TooManyReferences(Exception):
    """A schema refers to itself in too many ways."""


class _EndlessReferences(Exception):
    """A schema refers to itself without coming to another part of the value."""


@contextmanager
def together() -> Iterator[None]:
    """All values that are checked inside share `MOST_TOGETHER` references."""
    token = _left_together.set(iter(range(MOST_TOGETHER)))
    try:
        yield
    finally:
        _left_together.reset(token)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Errors:
    if isinstance(instance, str) and not patterns.found(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, properties: Mapping[str, Any], instance: Any, schema: Any) -> Errors:
    for pattern, subschema in properties.items():
        for key in instance if isinstance(instance, dict) else ():
            if patterns.found(pattern, key):
                yield from validator.descend(instance[key], subschema, path=key, schema_path=pattern)


def _followed(keyword: str) -> Keyword:
    """A keyword that refers to a part of the schema, which can be followed so often only."""
    follow = Draft202012Validator.VALIDATORS[keyword]

    def followed(validator: Any, reference: str, instance: Any, schema: Any) -> Errors:
        if next(_references_left.get(), None) is None:
            raise _TooManyReferences
        step, steps = (id(schema), id(instance)), _being_followed.get()
        if step in steps:
            raise _EndlessReferences
        steps.add(step)
        try:
            yield from follow(validator, reference, instance, schema) or ()
        finally:
            steps.discard(step)

    return followed


_extended: Callable[..., Any] = vars(validators)["extend"]
_Validator = _extended(
    Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "$ref": _followed("$ref"),
        "$dynamicRef": _followed("$dynamicRef"),
    },
)


def schema_problem(schema: Any) -> str | None:
    """What is wrong with a JSON Schema (draft 2020-12), or None."""
    try:
        text = encode(schema)
    except ValueRefused:
        return "has something in it that cannot be stored"
    return _problem(text) if len(text) <= KEPT_LENGTH else _problem.__wrapped__(text)


@lru_cache(maxsize=512)
def _problem(text: bytes) -> str | None:
    try:
        Draft202012Validator.check_schema(orjson.loads(text))
    except SchemaError as error:
        return f"is not a valid JSON Schema: {error.message}"
    except RecursionError:
        return "is nested too deeply"
    return None


def misfit(data: Any, schema: Mapping[str, Any]) -> str | None:
    """Why a value does not fit a valid schema, or None when it does."""
    try:
        error = next(_errors(data, schema), None)
    except UnusableSchema as unusable:
        return unusable.message
    return f"{error.json_path}: {error.message}" if error else None


def misfits(data: Any, schema: Mapping[str, Any]) -> list[dict[str, str]]:
    """What of a value does not fit a schema, `MOST_MISFITS` at most, as `path` (JSON Pointer) and `message`.

    Raises `UnusableSchema`, also for a schema that is not valid. It may take long: see `are_quick`.
    """
    if problem := schema_problem(schema):
        raise UnusableSchema(f"it {problem}.")
    found = islice(_errors(data, schema), MOST_MISFITS)
    return [{"path": pointer(*error.absolute_path), "message": _shortened(error.message)} for error in found]


def are_quick(data: Any, schema: Mapping[str, Any]) -> bool:
    """Whether `misfits` takes milliseconds: every part of the schema may look at all of the value."""
    rules = encode(schema)
    is_short = len(rules) <= QUICK_LENGTH and len(rules) * len(encode(data)) <= QUICK_STEPS
    return is_short and not any(mark in rules for mark in _REFERENCES)


def _shortened(message: str) -> str:
    """Messages repeat the value, which can be large."""
    return message if len(message) <= MESSAGE_LENGTH else f"{message[:MESSAGE_LENGTH]} … (cut)"


def _errors(data: Any, schema: Mapping[str, Any]) -> Errors:
    _references_left.set(islice(_left_together.get(count()), MOST_REFERENCES))
    _being_followed.set(set())
    try:
        yield from _Validator(schema, registry=Registry()).iter_errors(data)
    except Unresolvable as unresolvable:
        raise UnusableSchema(f"the schema refers to {unresolvable.ref!r}, which it does not contain") from None
    except patterns.InvalidPattern as invalid:
        raise UnusableSchema(f"the schema cannot be used: {invalid.message}") from None
    except RecursionError:
        raise UnusableSchema("the schema or the value is nested too deeply") from None
    except _EndlessReferences:
        raise UnusableSchema("the schema refers to itself without end") from None
    except _TooManyReferences:
        most = f"{MOST_REFERENCES} times, or {MOST_TOGETHER} times for all values together"
        raise UnusableSchema(f"the schema's references would have to be followed more than {most}") from None
