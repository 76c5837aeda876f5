"""Connections to Postgres, with the limits that every call lives under."""

import asyncio
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from engine.errors import ServiceUnavailable

Connection: TypeAlias = "asyncpg.Connection | PoolConnectionProxy"
"""What repositories are given: a connection of its own or one that a pool has lent."""

COMMAND_TIMEOUT = 30.0
CONNECT_TIMEOUT = 5.0
RETRY_DELAY = 0.2

OUTAGE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    # What a pooled connection says that was killed while it lay idle, when it is lent before its end is noticed.
    asyncpg.InternalClientError,
)
"""What is raised while the server is away or restarts: the same call may work a little later."""

DATABASE_TROUBLE = (*OUTAGE, asyncpg.PostgresError)
"""Whatever a call to the database may raise, what the server says of the call included."""

CANNOT_CONNECT = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)


async def open_pool(url: str, *, name: str, size: int = 10, patience: float = 0.0) -> asyncpg.Pool:
    """Open a pool of up to `size` connections that Postgres shows as `name`.

    A server that cannot be reached is tried again for `patience` seconds; then `ServiceUnavailable` is raised.
    """
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await _create_pool(url, name, size)
        except CANNOT_CONNECT as error:
            if asyncio.get_running_loop().time() >= deadline:
                raise unreachable(url, error) from error
        await asyncio.sleep(RETRY_DELAY)


async def connect(url: str, *, name: str) -> asyncpg.Connection:
    """Open one connection outside of any pool; raises what asyncpg raises."""
    return await asyncpg.connect(
        url, timeout=CONNECT_TIMEOUT, command_timeout=COMMAND_TIMEOUT, server_settings=server_settings(name)
    )


def server_settings(name: str) -> dict[str, str]:
    """The settings of every session, so that no lock and no forgotten transaction holds up the others for long."""
    return {
        "application_name": name,
        "idle_in_transaction_session_timeout": "30s",
        "lock_timeout": "10s",
        "jit": "off",
    }


def unreachable(url: str, error: Exception) -> ServiceUnavailable:
    """Say in one line which server does not answer, why, and what to do; never shows the password."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ServiceUnavailable(
        f"Postgres at {_address(url)} cannot be reached ({reason}). Start it, or correct DATABASE_URL."
    )


async def _create_pool(url: str, name: str, size: int) -> asyncpg.Pool:
    # Nothing changes the state of a session, so a connection is given back without the round trip of a reset.
    pool = asyncpg.create_pool(
        url,
        min_size=min(2, size),
        max_size=size,
        max_queries=10_000_000,
        reset=_keep_as_it_is,
        timeout=CONNECT_TIMEOUT,
        command_timeout=COMMAND_TIMEOUT,
        server_settings=server_settings(name),
    )
    opened: asyncpg.Pool = await pool
    return opened


async def _keep_as_it_is(connection: object) -> None:
    return None


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
        return f"{host}:{parts.port or 5432}"
    except ValueError:
        return "an invalid address"
