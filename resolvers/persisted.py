"""The documents that clients name instead of sending them.

Those of the operator's manifest are trusted, and may be all that the server runs, with those of its console. Others are
kept by their hash when a client sends one along with it, as Apollo's clients do (automatic persisted queries), if they
are valid, and until newer ones need their room.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.errors import BadUserInput, NotTrusted, PersistedQueryNotFound, QueryTooComplex
from resolvers.requests import NAMES, Asked, Operation
from resolvers.schema import SCHEMA
from schema.documents import is_valid
from schema.limits import TEXT_LIMIT
from storage.kept import Kept

KEPT_CHARACTERS = 8 * 1024 * 1024
"""What all kept documents may have together."""
DOCUMENT_CHARACTERS = 100_000

PREFIX = "sha256:"
"""How `documentId` says that it is a hash. Source: GraphQL over HTTP, appendix A."""


class Name(NamedTuple):
    """How a document is named, and in which field of the request."""

    id: str
    field: str


class Documents:
    """The documents of a server: `trusted` by their ids, and those that are kept. With `only` there are no others."""

    def __init__(self, trusted: Mapping[str, str] | None = None, *, only: bool = False) -> None:
        self.only = only
        self._trusted = {id.removeprefix(PREFIX): text for id, text in (trusted or {}).items()}
        self._trusted_texts = frozenset(self._trusted.values())
        self._kept = KeptDocuments()

    def operation(self, asked: Asked) -> Operation:
        """What is to be executed; raises `BadUserInput`, `QueryTooComplex`,
        `PersistedQueryNotFound` and `NotTrusted`.
        """
        name = _name(asked)
        text = self._named(name) if name and not asked.query else self._sent(asked.query or "", name)
        return Operation(text, asked.variables, asked.name)

    def _named(self, name: Name) -> str:
        text = self._trusted.get(name.id) or self._kept.get(name.id)
        if text is None:
            raise PersistedQueryNotFound(_not_in_manifest(name) if self.only else None)
        return text

    def _sent(self, text: str, name: Name | None) -> str:
        if self.only and text not in self._trusted_texts:
            raise NotTrusted(f"{NotTrusted.__doc__} Name one by {NAMES}.")
        if len(text) > TEXT_LIMIT:
            raise QueryTooComplex(f"The document has {len(text)} characters, where {TEXT_LIMIT} is the limit.")
        if name and self._trusted.get(name.id) != text:
            if _hash(text) != name.id:
                raise BadUserInput(f"`{name.field}` is not the hash of `query`.", field=name.field)
            self._kept.keep(name.id, text)
        return text


class KeptDocuments:
    """Valid documents by their hash, those that were used last, as many as there is room for."""

    def __init__(self) -> None:
        self._texts: Kept[str, str] = Kept(KEPT_CHARACTERS)

    def get(self, hash: str) -> str | None:
        """The document of a hash, if it is there."""
        return self._texts.get(hash)

    def keep(self, hash: str, text: str) -> None:
        """Keep a document, if it is worth it."""
        if self.get(hash) is None and len(text) <= DOCUMENT_CHARACTERS and _is_executable(text):
            self._texts.keep(hash, text, len(text))


def _name(asked: Asked) -> Name | None:
    """How the document is named, if it is; raises `BadUserInput`."""
    names = list(_names(asked))
    if len({name.id for name in names}) > 1:
        raise BadUserInput(f"{NAMES.replace('or', 'and')} name different documents.", field=names[0].field)
    return names[0] if names else None


def _names(asked: Asked) -> Iterator[Name]:
    if asked.document_id:
        yield Name(asked.document_id.removeprefix(PREFIX), "documentId")
    place = "extensions.persistedQuery"
    match (asked.extensions or {}).get("persistedQuery"):
        case None:
            pass
        case {"version": 1, "sha256Hash": str(hash)}:
            yield Name(hash, f"{place}.sha256Hash")
        case {"sha256Hash": str()}:
            raise BadUserInput(f"`{place}` must be of version 1.", field=f"{place}.version")
        case _:
            raise BadUserInput(f"`{place}` must have a `version` and a text `sha256Hash`.", field=place)


def _hash(text: str) -> str:
    # A lone surrogate has no encoding; what has one is no valid document either.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _is_executable(text: str) -> bool:
    return is_valid(SCHEMA._schema, text)


def _not_in_manifest(name: Name) -> str:
    return f"The document that `{name.field}` names is not in the manifest of this server, which runs no others."
