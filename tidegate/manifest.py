"""The manifest of trusted documents: what the operator lets clients name instead of sending it.

It is Apollo's persisted query manifest (https://www.apollographql.com/docs/graphos/operations/persisted-queries) or one
object of ids and documents, as GraphQL Code Generator writes it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import TidegateError
from resolvers.json_text import read_json
from resolvers.persisted import PREFIX, Documents
from resolvers.schema import SCHEMA
from schema.documents import problems_of
from tidegate.settings import Settings
from tidegate.text_file import read_text

APOLLO_FORMAT = "apollo-persisted-query-manifest"
APOLLO_VERSION = 1


class InvalidManifest(TidegateError):
    """The manifest of documents is not valid."""

    def __init__(self, path: str, place: str, reason: str) -> None:
        super().__init__(f"{path}, {place}: {reason}" if place else f"{path}: {reason}")


class _Wrong(Exception):
    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason


def trusted_documents(settings: Settings, console: Path | None = None) -> Documents:
    """The documents that clients of a server with these settings may name; raises as `read_manifest` does.

    Where it runs no others, those of the console are among them, if `console`, their manifest, has been built.
    """
    trusted = read_manifest(settings.documents) if settings.documents else {}
    if settings.documents_only and console is not None and console.exists():
        trusted = {**read_manifest(str(console)), **trusted}
    return Documents(trusted, only=settings.documents_only)


def read_manifest(path: str) -> Mapping[str, str]:
    """The documents of a manifest by their ids; raises `UnreadableFile` and `InvalidManifest`."""
    try:
        return _documents(read_json(read_text(path).removeprefix("\ufeff")))
    except json.JSONDecodeError as error:
        raise InvalidManifest(path, f"line {error.lineno}, column {error.colno}", f"no JSON ({error.msg}).") from None
    except ValueError as error:
        raise InvalidManifest(path, "", str(error)) from None
    except _Wrong as error:
        raise InvalidManifest(path, error.place, error.reason) from None


def _documents(manifest: Any) -> Mapping[str, str]:
    if not isinstance(manifest, dict):
        raise _Wrong("", "it must be an object: an Apollo manifest, or documents by their ids.")
    found: dict[str, str] = {}
    for place, id, text in _entries(manifest):
        _check(place, id, text)
        if found.setdefault(id.removeprefix(PREFIX), text) != text:
            raise _Wrong(place, f"the id {id} has two documents.")
    return found


def _entries(manifest: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The place, id and document of each entry."""
    if "format" not in manifest:
        yield from ((f"entry {id}", id, text) for id, text in manifest.items())
        return
    for name, expected in (("format", APOLLO_FORMAT), ("version", APOLLO_VERSION)):
        if manifest.get(name) != expected:
            raise _Wrong(name, f"it must be {json.dumps(expected)}.")
    operations = manifest.get("operations")
    if not isinstance(operations, list):
        raise _Wrong("operations", "it must be a list.")
    for index, operation in enumerate(operations):
        if not isinstance(operation, dict):
            raise _Wrong(f"operations.{index}", "it must be an object with `id` and `body`.")
        yield f"operations.{index}", operation.get("id"), operation.get("body")


def _check(place: str, id: Any, text: Any) -> None:
    if not isinstance(id, str) or not id.removeprefix(PREFIX):
        raise _Wrong(place, "its id must be a text that is not empty.")
    if not isinstance(text, str):
        raise _Wrong(place, "its document must be a text.")
    if problems := problems_of(SCHEMA._schema, text):
        raise _Wrong(place, f"its document cannot be executed: {problems[0].message}")
