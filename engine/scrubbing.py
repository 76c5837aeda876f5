"""Taking secrets out of what is about to be recorded, in all forms in which a text usually travels.

Looked for are the text itself, as JSON, URLs, HTML and Python's `repr` write it, in hexadecimal, and in base 64, also
as a part of something longer that was encoded as a whole, such as the `user:password` of a Basic authorization.
"""

import base64
import html
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

import orjson

from engine.secret_reference import is_reference

SHORTEST = 4
"""Shorter texts are everywhere, so they are not looked for."""

SHORTEST_PART = 6
"""How many characters of base 64 must be certain for a part of something longer to be looked for."""

Replacement = tuple[str, str]
"""What to look for, and what to put in its place."""


def replacements(name: str, secret: str) -> list[Replacement]:
    """What to take out for a secret; each form that has another one within comes before it."""
    if len(secret) < SHORTEST:
        return []
    found = {form for form in _forms(secret) if len(form) >= SHORTEST}
    return [(form, f"[secret {name}]") for form in sorted(found, key=len, reverse=True)]


def scrub_text(text: str, wanted: Sequence[Replacement]) -> str:
    """The text with each form replaced."""
    for form, mark in wanted:
        if form in text:
            text = text.replace(form, mark)
    return text


def scrub_data(data: Any, wanted: Sequence[Replacement]) -> Any:
    """JSON data with each form replaced, also in keys, and in numbers, which become texts then; references stay."""
    match data:
        case str():
            return scrub_text(data, wanted)
        case dict():
            if is_reference(data):
                return data
            return {scrub_text(key, wanted): scrub_data(item, wanted) for key, item in data.items()}
        case list():
            return [scrub_data(item, wanted) for item in data]
        case bool() | None:
            return data
        case _:
            text = str(data)
            scrubbed = scrub_text(text, wanted)
            return data if scrubbed == text else scrubbed


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    for escaped in (json.dumps(secret)[1:-1], orjson.dumps(secret).decode()[1:-1]):
        yield from (escaped, escaped.replace("/", r"\/"))
    for escaped in (html.escape(secret, quote=False), html.escape(secret)):
        yield from (escaped, escaped.replace("&#x27;", "&#39;"))
    yield from {repr(secret)[1:-1], repr(raw)[2:-1]}
    for quoted in (quote(secret, safe=""), quote(secret), quote_plus(secret), "".join(f"%{byte:02X}" for byte in raw)):
        yield from (quoted, _lower_escapes(quoted))
    yield from (raw.hex(), raw.hex().upper())
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield from (whole, whole.rstrip("="))
        yield from (part for part in _parts(raw, encode) if len(part) >= SHORTEST_PART)


def _lower_escapes(quoted: str) -> str:
    first, *rest = quoted.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _parts(raw: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """What base 64 makes of the bytes for certain, whatever stands before and after them."""
    for before in range(3):
        bits = 8 * (before + len(raw))
        yield encode(bytes(before) + raw).decode()[-(-8 * before // 6) : bits // 6]
