"""JSON Pointers (RFC 6901): where something is in a document."""

from typing import Any


def pointer(*parts: str | int) -> str:
    """Join keys and indices to a JSON Pointer, `~` and `/` escaped; no part at all is the document itself."""
    return "".join(f"/{_escape(part)}" for part in parts)


def _escape(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def parent_of(path: str) -> str:
    """The pointer to what contains this; the document itself contains itself."""
    return path.rpartition("/")[0]


def existing_part(data: Any, parts: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The longest beginning of a location that exists in the data."""
    for depth, part in enumerate(parts):
        if not _has(data, part):
            return parts[:depth]
        data = data[part]
    return parts


def _has(data: Any, part: str | int) -> bool:
    match data:
        case dict():
            return part in data
        case list() | tuple():
            return isinstance(part, int) and 0 <= part < len(data)
        case _:
            return False
