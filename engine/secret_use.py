"""The secrets that one attempt of a node has used, and what is said of it without them."""

from collections.abc import Sequence
from itertools import groupby, takewhile
from typing import Any

from engine.errors import InputError
from engine.piecewise_scrubbing import certain, scrub_pieces
from engine.reach import FindSecret, find_no_secret
from engine.scrubbing import Replacement, replacements, scrub_data, scrub_text
from engine.secret_reference import NAME_RULE, SECRET_KEY, is_reference, is_secret_name
from engine.values import Value


class SecretUse:
    """Looks secrets up for an attempt, and takes them out of whatever the attempt gives."""

    __slots__ = ("_find", "_used", "_wanted")

    def __init__(self, find: FindSecret = find_no_secret) -> None:
        self._find = find
        self._used: frozenset[tuple[str, str]] = frozenset()
        self._wanted: Sequence[Replacement] = ()

    async def look_up(self, secret: Any) -> str:
        """The secret of a name or reference; raises `InputError` if there is none, `NodeError` if it is unreadable."""
        name = secret[SECRET_KEY] if is_reference(secret) else secret
        if not is_secret_name(name):
            raise InputError(f"The name of a secret must be {NAME_RULE}.")
        found = await self._find(name)
        if (name, found) not in self._used:
            self._used |= {(name, found)}
            every = [*self._wanted, *replacements(name, found)]
            self._wanted = sorted(every, key=lambda each: len(each[0]), reverse=True)
        return found

    def scrub(self, text: str) -> str:
        """The text without the secrets that were used."""
        return scrub_text(text, self._wanted)

    def scrub_value(self, value: Value) -> Value:
        """The value without the secrets that were used."""
        if not self._wanted:
            return value
        data = value.fresh()
        scrubbed = scrub_data(data, self._wanted)
        return value if scrubbed == data else Value.of(scrubbed)

    def certain_pieces(self, pieces: Sequence[Value]) -> int:
        """How many of the first pieces of a stream can be recorded without knowing what follows.

        Only among texts that follow each other a secret is looked for across pieces.
        """
        if not self._wanted:
            return len(pieces)
        texts = list(takewhile(lambda data: isinstance(data, str), (piece.data for piece in reversed(pieces))))
        return len(pieces) - len(texts) + certain(texts[::-1], self._wanted)

    def scrub_pieces(self, pieces: Sequence[Value]) -> Value:
        """Pieces as one value that lists them, without the secrets that were used."""
        if not self._wanted:
            return Value.listed(pieces)
        scrubbed: list[Any] = []
        for are_texts, group in groupby((piece.fresh() for piece in pieces), lambda data: isinstance(data, str)):
            run = list(group)
            scrubbed += scrub_pieces(run, self._wanted) if are_texts else scrub_data(run, self._wanted)
        return Value.of(scrubbed)
