"""Servers that want to know their callers, and callers who show tokens."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt

from resolvers.authentication import Bearers
from resolvers.policy import Policy
from resolvers.quotas import Quotas
from resolvers.tokens import SecretKey, Verifier
from tests.api.client import Client
from tests.api.server import RunningServer
from tests.eventually import PATIENCE

SECRET = "a secret of a test that is long enough for anybody"


def token(sub: Any = "ada", *, expires_in: float = 3600, **claims: Any) -> str:
    """A token that the secret verifies; a claim of None is left out."""
    given = {"sub": sub, "exp": int(time.time() + expires_in), **claims}
    return jwt.encode({name: value for name, value in given.items() if value is not None}, SECRET, "HS256")


def wants_tokens(**options: Any) -> Policy:
    """The policy of a server whose callers show such tokens."""
    return Policy(**{"authenticate": Bearers(Verifier(SecretKey(SECRET))), "quotas": Quotas(), **options})


def bearer(shown: str) -> dict[str, str]:
    return {"authorization": f"Bearer {shown}"}


@asynccontextmanager
async def caller(server: RunningServer, user: str, **claims: Any) -> AsyncIterator[Client]:
    """A client that shows the token of a user."""
    async with httpx.AsyncClient(timeout=PATIENCE, headers=bearer(token(user, **claims))) as http:
        yield Client(server, http, token(user, **claims))
