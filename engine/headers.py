"""Headers of requests that flows make: their names, and their texts, which may be secrets."""

import re
from collections.abc import Mapping

from engine.errors import InputError
from engine.secret_reference import SecretReference
from engine.secret_use import SecretUse

HeaderText = str | SecretReference | list[str | SecretReference]
"""The text of a header: one text or secret, or several that are joined."""

AUTHORIZATION = "authorization"
# These belong to the connection: a flow that set them could make two servers read two different requests.
RESERVED_HEADERS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "upgrade", "expect"),
    }
)

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_HEADER_TEXT = re.compile(r"[\t\x20-\x7e]*\Z")


async def filled_headers(given: Mapping[str, HeaderText], secrets: SecretUse) -> dict[str, str]:
    """The headers by name in lower case, with the secrets in them.

    Raises `InputError` that says what is wrong with one, and what the look-up of a secret raises.
    """
    return _checked({name: await _text(text, secrets) for name, text in given.items()})


async def bearer(secret: SecretReference, secrets: SecretUse) -> dict[str, str]:
    """The header that shows a secret as a bearer token."""
    return _checked({AUTHORIZATION: f"Bearer {await secrets.look_up(secret)}"})


async def _text(given: HeaderText, secrets: SecretUse) -> str:
    if isinstance(given, list):
        return "".join([await _text(part, secrets) for part in given])
    return given if isinstance(given, str) else await secrets.look_up(given)


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, text in headers.items():
        if not _HEADER_NAME.match(name) or not _HEADER_TEXT.match(text):
            raise InputError(f"the header {name!r} has characters that headers cannot have.")
        if name.lower() in RESERVED_HEADERS:
            raise InputError(f"the header {name!r} belongs to the connection and cannot be set.")
    return {name.lower(): text for name, text in headers.items()}
