"""Connections to services that nodes talk to: where one is, and what shows it who asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from pydantic import BaseModel, ConfigDict, Field

from engine.attribution import attributed
from engine.egress_transport import CheckedTransport
from engine.errors import InputError
from engine.exchange import CONNECT_SECONDS, URL_LIMIT, checked_url
from engine.headers import AUTHORIZATION, HeaderText, bearer, filled_headers
from engine.node import Context
from engine.secret_reference import SecretReference

SILENCE_SECONDS = 120
"""How long a service may say nothing."""


class Connection(BaseModel):
    """Where a service is, and what shows it who asks."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    url: str = Field(max_length=URL_LIMIT, description="Its address, beginning with https:// or http://.")
    key: SecretReference | None = Field(
        default=None, description='A secret to show as a bearer token, `{"$secret": "name"}`.'
    )
    headers: dict[str, HeaderText] = Field(
        default_factory=dict, description="Headers to send besides, by name; texts, secrets, or arrays to be joined."
    )


@asynccontextmanager
async def connected(connection: Connection, context: Context) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that sends the connection's headers, and reaches only what flows may reach."""
    with attributed("connection"):
        headers = await _headers(connection, context)
        checked_url(connection.url)
    async with httpx2.AsyncClient(
        headers={"accept-encoding": "identity", "user-agent": "tidegate", **headers},
        timeout=httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
        transport=CheckedTransport(context.reach.http_allow),
        trust_env=False,
    ) as client:
        yield client


async def _headers(connection: Connection, context: Context) -> dict[str, str]:
    headers = await filled_headers(connection.headers, context.secrets)
    if connection.key is None:
        return headers
    if AUTHORIZATION in headers:
        raise InputError("both 'key' and 'headers' give the header 'authorization'.")
    return {**headers, **await bearer(connection.key, context.secrets)}
