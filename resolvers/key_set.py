"""The public keys that an identity provider publishes (RFC 7517), as they are now.

Keys are read again when they are older than `FRESH_SECONDS` and when a token names one that is not known, but never
more often than every `PAUSE_SECONDS`: whoever invents names of keys makes no work. While the provider does not answer,
the keys that were read last are good.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from engine.errors import Unauthenticated

FRESH_SECONDS = 300.0
PAUSE_SECONDS = 10.0
FETCH_SECONDS = 5.0
LARGEST_SET = 256 * 1024
SHORTEST_RSA = 2048

logger = logging.getLogger(__name__)


class KeySet:
    """The keys at a URL."""

    algorithms = frozenset({"RS256", "ES256", "EdDSA"})

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: Sequence[jwt.PyJWK] = ()
        self._read_at = self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def key(self, algorithm: str, key_id: str | None) -> Any:
        """The key of this id that is for the algorithm; without an id the only one. Raises `Unauthenticated`."""
        found = self._find(algorithm, key_id)
        if found is None or time.monotonic() - self._read_at > FRESH_SECONDS:
            reading = self._read_again()
            if found is None and reading:
                await asyncio.shield(reading)
                found = self._find(algorithm, key_id)
        if found is None:
            raise Unauthenticated("The token is not valid.")
        return found.key

    def _find(self, algorithm: str, key_id: str | None) -> jwt.PyJWK | None:
        fitting = [key for key in self._keys if key.algorithm_name == algorithm and key_id in (None, key.key_id)]
        return fitting[0] if fitting and (key_id is not None or len(fitting) == 1) else None

    def _read_again(self) -> asyncio.Task[None] | None:
        """The reading that is going on, or begins now; None if the last one is not long ago."""
        if self._reading and not self._reading.done():
            return self._reading
        if time.monotonic() - self._tried_at < PAUSE_SECONDS:
            return None
        self._tried_at = time.monotonic()
        self._reading = asyncio.create_task(self._read(), name="key set")
        return self._reading

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._keys = tuple(_usable(orjson.loads(await self._fetch())))
            self._read_at = time.monotonic()
        except (httpx2.HTTPError, ValueError, TypeError, TimeoutError) as error:
            logger.warning("The keys at %s could not be read (%s).", self._url, str(error) or type(error).__name__)

    async def _fetch(self) -> bytes:
        body = bytearray()
        async with httpx2.AsyncClient() as http, http.stream("GET", self._url) as response:
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_SET:
                    raise ValueError("it is too large")
        return bytes(body)


def _usable(given: Any) -> Iterator[jwt.PyJWK]:
    """The keys that verify something here; what else is in the set is passed over."""
    for entry in given["keys"] if isinstance(given, dict) and isinstance(given.get("keys"), list) else []:
        try:
            key = jwt.PyJWK(entry)
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            continue
        if entry.get("use", "sig") == "sig" and _is_for(key.algorithm_name, key.key):
            yield key


def _is_for(algorithm: str, key: Any) -> bool:
    match algorithm:
        case "RS256":
            return isinstance(key, RSAPublicKey) and key.key_size >= SHORTEST_RSA
        case "ES256":
            return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
        case "EdDSA":
            return isinstance(key, Ed25519PublicKey | Ed448PublicKey)
        case _:
            return False
