"""Keys that keep things secret where they are stored.

What is sealed with AES-256-GCM can be opened only with the key of the same id and for the same `context`, a text that
says what it is and whose. So a row that was changed, or put in the place of another one, cannot be read.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import KeysMissing, SealBroken, UnknownKey

KEY_BYTES = 32
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is stored: the id of the key, and a nonce with what was encrypted under it."""

    key_id: str
    data: bytes


class KeyRing:
    """Keys of 32 bytes by id; the first one seals, each opens what it has sealed. It never shows them."""

    def __init__(self, keys: Mapping[str, bytes] = MappingProxyType({})) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    def __len__(self) -> int:
        return len(self._ciphers)

    def require(self) -> None:
        """Raise `KeysMissing` if there is no key at all."""
        if not self._ciphers:
            raise KeysMissing

    @property
    def sealing(self) -> str:
        """The id of the key that seals; raises `KeysMissing`."""
        self.require()
        return next(iter(self._ciphers))

    def seal(self, plain: bytes, context: str) -> Sealed:
        """Encrypt; raises `KeysMissing`."""
        key_id, nonce = self.sealing, os.urandom(NONCE_BYTES)
        return Sealed(key_id, nonce + self._ciphers[key_id].encrypt(nonce, plain, _bound(key_id, context)))

    def open(self, sealed: Sealed, context: str) -> bytes:
        """Decrypt; raises `KeysMissing`, `UnknownKey`, and `SealBroken` for what was not sealed so."""
        self.require()
        if sealed.key_id not in self._ciphers:
            raise UnknownKey(sealed.key_id)
        nonce, encrypted = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return self._ciphers[sealed.key_id].decrypt(nonce, encrypted, _bound(sealed.key_id, context))
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._ciphers)})"


def _bound(key_id: str, context: str) -> bytes:
    return f"{key_id}\0{context}".encode()


NO_KEYS = KeyRing()
