"""JSON as it comes from clients and goes to them."""

import json
from typing import Any

import orjson


def read_json(text: str | bytes) -> Any:
    """Read JSON and all that Python's reader takes beside it, so that a value can be refused by the name of its field.

    Raises ValueError for what is no JSON at all.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None


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
