"""Sessions with servers that speak the Model Context Protocol over streamable HTTP.

The protocol is spoken by its own package, which is loaded with the first session: it takes most of a second, and most
workers never need it. Servers that are started as a command are not supported: whoever writes a flow must not start
programs on a worker.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, Any

import httpx2

from engine.connection import Connection, connected
from engine.errors import InputError, NodeError
from engine.node import Context

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import CallToolResult, ContentBlock

SESSION_SECONDS = 300
"""How long a server may take for one answer."""

PACE_SECONDS = 1.0
"""How long after one stream of a session the next may be asked for, whatever the server says."""


# What the package logs quotes what servers say, which may repeat a secret that was sent.
logging.getLogger("mcp").setLevel(logging.CRITICAL)


class McpFailed(NodeError):
    """The MCP server did not answer as it should."""


@asynccontextmanager
async def mcp_session(connection: Connection, context: Context) -> "AsyncIterator[Client]":
    """A session with the server of a connection.

    Raises `McpFailed` for what the server complains of, and, retryable, for failures of the network.
    """
    mcp = await asyncio.to_thread(import_module, "mcp")
    transport = await asyncio.to_thread(import_module, "mcp.client.streamable_http")
    try:
        async with connected(connection, context) as http:
            http.event_hooks = {"request": [Pace().take], "response": [_raise_for_key]}
            stream = transport.streamable_http_client(connection.url, http_client=http)
            async with mcp.Client(stream, read_timeout_seconds=SESSION_SECONDS, cache=None) as client:
                client.session.validate_tool_result = _take_as_it_is
                yield client
    except Exception as error:
        raise _failure(connection, error) from None


class Pace:
    """Keeps apart the streams that are asked for by GET.

    The package comes back as soon as the server says that it may, which may be at once, again and again.
    """

    def __init__(self) -> None:
        self._next = -math.inf

    async def take(self, request: httpx2.Request) -> None:
        """Wait until it is this request's turn."""
        if request.method == "GET":
            now = asyncio.get_running_loop().time()
            turn = max(now, self._next)
            self._next = turn + PACE_SECONDS
            await asyncio.sleep(turn - now)


async def _take_as_it_is(name: str, result: "CallToolResult") -> None:
    """The package would hold an answer against a schema of the server's own, on the loop, with Python's patterns: one
    that takes for ever to match, or refers to itself without end, would stop the worker."""


async def _raise_for_key(response: httpx2.Response) -> None:
    """The package says of every status alike that it is an error."""
    if response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        url = f"{response.url.scheme}://{response.url.netloc.decode()}{response.url.path}"
        raise McpFailed(f"The MCP server at {url} answered with status {response.status_code}: it wants another key.")


def _failure(connection: Connection, error: BaseException) -> NodeError:
    """What went wrong: the package wraps what happens in its tasks into groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, NodeError):
        return error
    kind = type(error).__name__
    if kind == "MCPError":
        return McpFailed(f"The MCP server at {connection.url} refused: {error}")
    return McpFailed(
        f"The session with the MCP server at {connection.url} failed: {str(error) or kind}", retryable=True
    )


def tool_result(result: "CallToolResult") -> Any:
    """What a tool gave: a value where it gives one, else a text where it gives texts, else the parts of its answer.

    Raises `McpFailed` where the tool says that it failed.
    """
    texts = [part.text for part in result.content if part.type == "text"]
    if result.is_error:
        raise McpFailed("The tool failed: " + ("\n".join(texts) or "it does not say why."))
    if result.structured_content is not None:
        return result.structured_content
    return "\n".join(texts) if len(texts) == len(result.content) else [plain(part) for part in result.content]


def plain(part: "ContentBlock | Any") -> Any:
    """A part of an answer as JSON."""
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)


def checked_texts(arguments: dict[str, Any]) -> dict[str, str]:
    """Arguments that the protocol wants to be texts; raises `InputError` for others."""
    for name, value in arguments.items():
        if not isinstance(value, str):
            raise InputError(f"Input 'arguments': {name!r} has to be a text.")
    return arguments
