"""Bearer tokens: signed JSON (RFC 7519) that says who somebody is.

A secret verifies HS256 and nothing else; a set of public keys verifies RS256, ES256 and EdDSA, each by a key of its
kind. So a token never chooses how it is verified, and one without a signature is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from engine.errors import Unauthenticated

LEEWAY_SECONDS = 10.0
"""How far the clocks of this server and of the token's maker may be apart."""

WRONG = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""What is raised for what is no valid token, however it was made."""

Claims = Mapping[str, Any]


class Keys(Protocol):
    """What tokens are verified with."""

    algorithms: frozenset[str]

    async def key(self, algorithm: str, key_id: str | None) -> Any:
        """The key for one of the `algorithms`; raises `Unauthenticated` if there is none."""


class SecretKey:
    """One secret that makes and verifies tokens."""

    algorithms = frozenset({"HS256"})

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def key(self, algorithm: str, key_id: str | None) -> str:
        """The secret."""
        return self._secret

    def __repr__(self) -> str:
        return "SecretKey()"


@dataclass(frozen=True, slots=True)
class Verifier:
    """Says what valid tokens say; `audience` and `issuer` must be theirs where they are given."""

    keys: Keys
    audience: str | None = None
    issuer: str | None = None

    async def claims(self, token: str) -> Claims:
        """The claims of a token, `exp` and `sub` among them; raises `Unauthenticated`."""
        try:
            return await self._claims(token)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired.") from None
        except WRONG:
            raise Unauthenticated("The token is not valid.") from None

    async def _claims(self, token: str) -> Claims:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in self.keys.algorithms:
            raise jwt.InvalidAlgorithmError
        claims: Claims = jwt.decode(
            token,
            await self.keys.key(algorithm, header.get("kid")),
            algorithms=[algorithm],
            audience=self.audience,
            issuer=self.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "sub"], "verify_aud": self.audience is not None},
        )
        return claims
