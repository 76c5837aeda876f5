"""mcp.read_resource: reads a resource of an MCP server."""

from typing import Annotated, Any

from pydantic import Field

from engine.attribution import attributed
from engine.connection import Connection
from engine.errors import InputError
from engine.mcp_session import checked_texts, mcp_session, plain
from engine.node import Context, Input, Node, Output
from engine.ports import HoldsSecrets


class McpReadResourceInput(Input):
    connection: Annotated[Connection, HoldsSecrets()] = Field(
        description='The server, as `{"url": "https://…/mcp", "key": {"$secret": "name"}}`.'
    )
    name: str = Field(
        min_length=1, description="The resource's URI, or a template of URIs (RFC 6570) that the arguments fill."
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="What fills the template: texts by name.")


class McpReadResourceOutput(Output):
    result: Any = Field(
        description="The text of the resource; where it is no text, or there are several, the contents as objects."
    )


class McpReadResource(Node[McpReadResourceInput, McpReadResourceOutput]):
    """Reads a resource of a server that speaks the Model Context Protocol over streamable HTTP. Failures of the network
    can be retried."""

    type = "mcp.read_resource"
    title = "MCP resource"
    safe = True

    async def run(self, inputs: McpReadResourceInput, context: Context) -> McpReadResourceOutput:
        arguments = checked_texts(inputs.arguments)
        async with mcp_session(inputs.connection, context) as session:
            found = await session.read_resource(_uri(inputs.name, arguments))
        contents = [plain(content) for content in found.contents]
        only = contents[0] if len(contents) == 1 else {}
        return McpReadResourceOutput(result=only.get("text", contents))


def _uri(name: str, arguments: dict[str, str]) -> str:
    from mcp import UriTemplate  # here, since the package is loaded only where it is used

    with attributed("name"):
        try:
            return UriTemplate.parse(name).expand(arguments) if arguments else name
        except ValueError as error:
            raise InputError(f"the template of URIs is not valid: {error}.") from None
