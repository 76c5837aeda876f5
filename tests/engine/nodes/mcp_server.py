"""A real MCP server, from the protocol's own package, as a process of its own: `mcp_server.py PORT KEY`.

It lets in whoever shows the key as a bearer token.
"""

import sys
from typing import Annotated, Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

server = MCPServer("weather")


@server.tool()
def forecast(city: str, days: int = 1) -> dict[str, Any]:
    """What the weather will be."""
    return {"city": city, "days": days, "sky": "blue"}


@server.tool(structured_output=False)
def greet(name: str) -> str:
    """Says hello."""
    return f"Hello {name}"


@server.tool()
def fail() -> str:
    """Always fails."""
    raise ToolError("It rains.")


class Wind(BaseModel):
    """Declares a pattern that takes exponentially long to see that its value does not match."""

    wind: Annotated[str, WithJsonSchema({"pattern": "^(a+)+$"})]


@server.tool()
def blow() -> Wind:
    """Says something that is not what it declares."""
    return Wind(wind="a" * 24 + "!")


@server.resource("weather://station")
def station() -> str:
    """About the station."""
    return "On the hill."


@server.resource("weather://days/{day}")
def day(day: str) -> str:
    """About a day."""
    return f"{day}: sunny"


@server.prompt()
def advise(city: str) -> str:
    """Asks for advice."""
    return f"What should I wear in {city}?"


def guarded(key: str) -> Any:
    """The application, for those who have the key."""
    app = server.streamable_http_app()

    async def check(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and Request(scope).headers.get("authorization") != f"Bearer {key}":
            await Response("No key.", 401)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return check


if __name__ == "__main__":
    uvicorn.run(guarded(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
