"""What a client accepts, by its `accept` header, and what it sends, by its `content-type`.

Source: RFC 9110, sections 5.6 and 12.5.1. What is not written by them is passed over.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from starlette.requests import Request

HEADERS_KEPT = 128
"""How many different headers are remembered; most clients send the same few, and a server bounds their length."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# A quoted text may have the separators in it; one that never ends takes the rest.
_QUOTED = r'"(?:[^"\\]|\\.)*"?'
_ELEMENT = re.compile(rf'(?:[^,"]|{_QUOTED})+')
_PART = re.compile(rf'(?:[^;"]|{_QUOTED})+')
_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}")
_PARAMETER = re.compile(rf'({_TOKEN})=(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")')
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One of the types that are accepted, maybe with wildcards, and how much it is wanted: from 0, not at all, to 1.

    The type and the names of parameters are in lower case.
    """

    type: str
    parameters: Mapping[str, str]
    quality: float


class Accept:
    """The media ranges of a header; without one, everything is accepted."""

    def __init__(self, header: str) -> None:
        self._ranges = list(_ranges(header)) or [MediaRange("*/*", {}, 1.0)]

    @classmethod
    def of(cls, request: Request) -> "Accept":
        """What the client of a request accepts."""
        return _accept(",".join(request.headers.getlist("accept")))

    def named(self, type: str, **parameters: str) -> float:
        """How much a type is wanted that must be named, with these parameters; those left out do not matter."""
        found = (given.quality for given in self._ranges if given.type == type and _has(given, parameters))
        return max(found, default=0.0)

    def quality(self, type: str) -> float:
        """How much a type is wanted, by the range that describes it best."""
        for wanted in (type, f"{type.partition('/')[0]}/*", "*/*"):
            if qualities := [given.quality for given in self._ranges if given.type == wanted]:
                return max(qualities)
        return 0.0


_accept = lru_cache(HEADERS_KEPT)(Accept)


@lru_cache(HEADERS_KEPT)
def media_type(header: str) -> MediaRange | None:
    """The type that a `content-type` header names; None for what is no such header."""
    found = list(_ranges(header))
    return found[0] if len(found) == 1 else None


def _has(given: MediaRange, parameters: Mapping[str, str]) -> bool:
    return all(given.parameters.get(name) == value for name, value in parameters.items())


def _ranges(header: str) -> Iterator[MediaRange]:
    for element in _ELEMENT.findall(header):
        type, *parts = [part.strip() for part in _PART.findall(element)] or [""]
        parameters = dict(_parameters(parts))
        quality = parameters.pop("q", "1")
        if _TYPE.fullmatch(type) and _QUALITY.fullmatch(quality):
            yield MediaRange(type.lower(), parameters, float(quality))


def _parameters(parts: list[str]) -> Iterator[tuple[str, str]]:
    for part in parts:
        if match := _PARAMETER.fullmatch(part):
            name, token, quoted = match.groups()
            yield name.lower(), _ESCAPED.sub(r"\1", quoted) if token is None else token
