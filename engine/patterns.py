"""Regular expressions that come from users, on RE2: no backtracking, bounded memory.

A search that is not *quick* belongs into `engine.confinement`: finding all matches takes quadratic time at worst.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import re2

from engine.errors import NodeError

PATTERN_LIMIT = 1_000
MEMORY_LIMIT = 1024 * 1024
QUICK_STEPS = 100_000_000

# The library reads replacements as escaped Latin-1, which garbles all other letters.
_REFERENCE = re.compile(r"(\\\\|\\[0-9]{1,2}|\\g<[A-Za-z0-9_]+>)")


class InvalidPattern(NodeError):
    """The regular expression is not valid."""

    error_code = "INPUT"


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """Compile a pattern; raises `InvalidPattern` that says what RE2 does not accept about it."""
    if len(pattern) > PATTERN_LIMIT:
        raise InvalidPattern(f"The pattern has {len(pattern)} characters; the limit is {PATTERN_LIMIT}.")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY_LIMIT
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise InvalidPattern(f"The pattern {pattern!r} is not valid: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    """RE2 gives its messages as bytes."""
    reason = error.args[0] if error.args else "unknown"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def found(pattern: str, text: str) -> bool:
    """Whether the pattern occurs in the text."""
    return compiled(pattern).search(text) is not None


def search(operation: str, text: str, pattern: str, replacement: str) -> list[Any]:
    """Apply a pattern to a text (match, findall, replace or split); gives the result and whether it was found."""
    found_result, matched = OPERATIONS[operation](compiled(pattern), text, replacement)
    return [found_result, matched]


def is_quick(text: str, pattern: str, replacement: str) -> bool:
    """Whether even the worst search is short: every start of the text may read all of it for every step."""
    steps = len(text) ** 2 * compiled(pattern).programsize
    return steps <= QUICK_STEPS and len(text) * len(replacement) <= QUICK_STEPS


def _match(regexp: Any, text: str, replacement: str) -> tuple[Any, bool]:
    match = regexp.search(text)
    return (_described(match) if match else None), match is not None


def _described(match: Any) -> dict[str, Any]:
    return {
        "text": match.group(),
        "start": match.start(),
        "groups": list(match.groups()),
        "named": match.groupdict(),
    }


def _find_all(regexp: Any, text: str, replacement: str) -> tuple[Any, bool]:
    matches = [_shaped(match) for match in regexp.finditer(text)]
    return matches, bool(matches)


def _shaped(match: Any) -> Any:
    """An object when the pattern names its groups, an array when it has groups, else the text."""
    return match.groupdict() or list(match.groups()) or match.group()


def _replace(regexp: Any, text: str, replacement: str) -> tuple[Any, bool]:
    pieces = [_piece(part) for part in _REFERENCE.split(replacement)]
    try:
        replaced, times = regexp.subn(lambda match: "".join(piece(match) for piece in pieces), text)
    except IndexError:
        raise InvalidPattern(f"The replacement {replacement!r} names a group that the pattern lacks.") from None
    return replaced, times > 0


def _piece(part: str) -> Callable[[Any], str]:
    """What a part of a replacement stands for in a match: a group, which may be empty, or a text."""
    if part == r"\\":
        return lambda match: "\\"
    if not _REFERENCE.fullmatch(part):
        return lambda match: part
    name = part.removeprefix(r"\g<").removesuffix(">").removeprefix("\\")
    group = int(name) if name.isdigit() else name
    return lambda match: match.group(group) or ""


def _split(regexp: Any, text: str, replacement: str) -> tuple[Any, bool]:
    ends, parts = 0, []
    for match in regexp.finditer(text):
        parts.append(text[ends : match.start()])
        ends = match.end()
    return [*parts, text[ends:]], bool(parts)


OPERATIONS: Mapping[str, Callable[[Any, str, str], tuple[Any, bool]]] = {
    "match": _match,
    "findall": _find_all,
    "replace": _replace,
    "split": _split,
}
