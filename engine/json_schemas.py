"""JSON Schemas that come from users: checked offline, with patterns that cannot run away.

References are resolved within the schema only; nothing is fetched. `pattern` and `patternProperties` use RE2.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from engine import patterns

Errors = Iterator[ValidationError]


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Errors:
    if isinstance(instance, str) and not patterns.found(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, properties: Mapping[str, Any], instance: Any, schema: Any) -> Errors:
    for pattern, subschema in properties.items():
        for key in instance if isinstance(instance, dict) else ():
            if patterns.found(pattern, key):
                yield from validator.descend(instance[key], subschema, path=key, schema_path=pattern)


_extended: Callable[..., Any] = vars(validators)["extend"]
_Validator = _extended(Draft202012Validator, {"pattern": _pattern, "patternProperties": _pattern_properties})


def schema_problem(schema: Any) -> str | None:
    """What is wrong with a JSON Schema (draft 2020-12), or None."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"is not a valid JSON Schema: {error.message}"
    return None


def misfit(data: Any, schema: Mapping[str, Any]) -> str | None:
    """Why a value does not fit a valid schema, or None when it does."""
    try:
        error = next(_Validator(schema, registry=Registry()).iter_errors(data), None)
    except Unresolvable as unresolvable:
        return f"the schema refers to {unresolvable.ref!r}, which it does not contain"
    except patterns.InvalidPattern as invalid:
        return f"the schema cannot be used: {invalid.message}"
    except RecursionError:
        return "the schema or the value is nested too deeply"
    return error and f"{error.json_path}: {error.message}"
