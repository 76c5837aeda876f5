"""References to secrets: what documents, inputs, events and logs say where a secret is meant, `{"$secret": "name"}`."""

import re
from typing import Annotated, Any

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

NAME_LIMIT = 64
NAME_PATTERN = rf"^[A-Za-z][A-Za-z0-9_.-]{{0,{NAME_LIMIT - 1}}}$"
NAME_RULE = f"a letter, then up to {NAME_LIMIT - 1} letters, digits, '_', '.' or '-'"
SECRET_KEY = "$secret"

_NAME = re.compile(NAME_PATTERN.removesuffix("$") + r"\Z")
_MARK = b'"$secret"'


SecretReference = TypedDict("SecretReference", {"$secret": Annotated[str, Field(pattern=NAME_PATTERN)]})
"""The form of a reference, for the models of nodes."""

with_config(ConfigDict(strict=True, extra="forbid"))(SecretReference)


def is_secret_name(name: object) -> bool:
    """Whether a secret may have this name."""
    return isinstance(name, str) and _NAME.match(name) is not None


def is_reference(data: Any) -> bool:
    """Whether a value is of the form of a reference, be its name one or not."""
    return isinstance(data, dict) and data.keys() == {SECRET_KEY}


def reference(name: str) -> SecretReference:
    """Refer to a secret."""
    return {"$secret": name}


def has_reference(data: Any, text: bytes) -> bool:
    """Whether a value, with its JSON text, is a reference or has one somewhere inside."""
    return _MARK in text and contains_reference(data)


def contains_reference(data: Any) -> bool:
    """Whether data is a reference or has one somewhere inside."""
    left = [data]
    while left:
        part = left.pop()
        if is_reference(part):
            return True
        if isinstance(part, (dict, list)):
            left.extend(part.values() if isinstance(part, dict) else part)
    return False
