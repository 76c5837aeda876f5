"""Changes of the schema that would break the clients of the last release, and which of them the changelog announces."""

import re

from graphql import build_schema, find_breaking_changes

_UNRELEASED = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"^- (Breaking: .*?)(?=^- |^## |\Z)", re.DOTALL | re.MULTILINE)
_SUBJECT = re.compile(r"(?:Field |Enum value |Argument |A required \w+ |Directive |Standard scalar )?@?([\w.]+)")
_DIGEST = re.compile(r"<!-- sha256 of tests/schema/released\.graphql: ([0-9a-f]{64}) -->")


def unannounced(released: str, current: str, changelog: str) -> list[str]:
    """The breaking changes between two schemas whose type or field no `Breaking:` entry under Unreleased names."""
    changes = find_breaking_changes(build_schema(released), build_schema(current))
    announced = _announced(changelog)
    return [change.description for change in changes if _subject(change.description) not in announced]


def released_digest(changelog: str) -> str | None:
    """The digest of the released schema that the changelog tells."""
    found = _DIGEST.search(changelog)
    return found[1] if found else None


def _announced(changelog: str) -> set[str]:
    section = _UNRELEASED.search(changelog)
    entries = _ENTRY.findall(section[1]) if section else []
    return {name for entry in entries for name in re.findall(r"`([\w.]+)`", entry)}


def _subject(description: str) -> str:
    """`Execution.status` of "Field Execution.status was removed."."""
    found = _SUBJECT.match(description)
    return found[1] if found else description
