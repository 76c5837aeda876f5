"""Reads JSON text strictly: what it cannot keep exactly, it refuses and says where.

Refused are NaN and infinities, numbers out of range, integers beyond 64 bits, objects with the same key twice and
nesting that is too deep.
"""

import json
from collections import Counter
from typing import Any, NoReturn

from engine.errors import NodeError
from engine.values import INTEGER_MAXIMUM, INTEGER_MINIMUM, VALUE_LIMIT

_INTEGER_DIGITS = 20


class InvalidJson(NodeError):
    """The text is not valid JSON."""

    error_code = "INPUT"


def parse_json(text: str) -> Any:
    """Read one JSON value; raises `InvalidJson` with the line and column or with what cannot be kept."""
    if len(text) > VALUE_LIMIT:
        raise InvalidJson(f"The text has {len(text)} characters; the limit is {VALUE_LIMIT}.")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidJson(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise InvalidJson("The text is nested too deeply.") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        repeated, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise InvalidJson(f"An object has the key {repeated!r} more than once.")
    return data


def _integer(digits: str) -> int:
    # The length first: reading millions of digits takes quadratic time.
    number = int(digits) if len(digits) <= _INTEGER_DIGITS else None
    if number is None or not INTEGER_MINIMUM <= number <= INTEGER_MAXIMUM:
        raise InvalidJson(f"The integer {digits[:_INTEGER_DIGITS]} does not fit into 64 bits.")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise InvalidJson(f"The number {digits[:_INTEGER_DIGITS]} is out of range.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is not valid JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_int=_integer, parse_float=_float, parse_constant=_refuse_constant
)
