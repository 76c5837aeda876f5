"""The SQL of a repository, read from its file in `storage/sql/`.

A file is a list of sections; each begins with `-- name: some_name`, goes on with comment lines that say what the query
does, and ends where the next section begins. A section that begins with `-- fragment: some_name` is no query, but what
stands in place of each line `-- include: some_name` further down; those in `fragments.sql` are there for every file.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

Queries = Mapping[str, str]
"""The text of each query by its name."""

FOLDER = Path(__file__).parent / "sql"
SHARED = "fragments"

_SECTION = re.compile(r"^-- (name|fragment): (\w+)\n((?:-- (?!include:).*\n)*)", re.MULTILINE)
_INCLUDE = re.compile(r"^ *-- include: (\w+)$", re.MULTILINE)


@cache
def load(file: str) -> Queries:
    """Read `storage/sql/<file>.sql`; raises `FileNotFoundError`, and what `parse` raises."""
    return parse(_text(SHARED) + _text(file))


def _text(file: str) -> str:
    return (FOLDER / f"{file}.sql").read_text(encoding="utf-8")


def parse(text: str) -> Queries:
    """Split the text of a file into its queries.

    Raises `ValueError` for a name that comes twice or is not described, and `KeyError` for an unknown fragment.
    """
    sections = list(_SECTION.finditer(text))
    ends = [section.start() for section in sections[1:]] + [len(text)]
    found: dict[str, dict[str, str]] = {"name": {}, "fragment": {}}
    for section, end in zip(sections, ends, strict=True):
        kind, name, description = section.groups()
        if name in found[kind] or not description:
            raise ValueError(f"The section {name} comes twice or is not described.")
        found[kind][name] = _include(text[section.end() : end].strip(), found["fragment"])
    return MappingProxyType(found["name"])


def _include(query: str, fragments: Mapping[str, str]) -> str:
    return _INCLUDE.sub(lambda line: fragments[line.group(1)], query)
