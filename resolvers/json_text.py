"""JSON as it comes from clients and goes to them."""

import json
from collections import Counter
from typing import Any

import orjson

SHOWN_LENGTH = 100
"""Characters of a text of the client that an error shows."""


def read_json(text: str | bytes) -> Any:
    """Read JSON and all that Python's reader takes beside it, so that a value can be refused by the name of its field.

    Raises ValueError for what is no JSON at all, is not in UTF-8, or has a key twice in one object.
    """
    try:
        return json.loads(text if isinstance(text, str) else text.decode(), object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise ValueError(f"The key {twice[:SHOWN_LENGTH]!r} is there twice in one object.")
    return found


def write_json(data: Any) -> bytes:
    """Write JSON, of which parts may be written already.

    Texts with lone surrogates, which an error may quote, are escaped.
    """
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data, separators=(",", ":"), default=_read_again).encode()


def _read_again(part: orjson.Fragment) -> Any:
    return orjson.loads(orjson.dumps(part))
