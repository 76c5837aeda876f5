"""mcp.call_tool: calls a tool of an MCP server."""

from typing import Annotated, Any

from pydantic import Field

from engine.connection import Connection
from engine.mcp_session import mcp_session, tool_result
from engine.node import Context, Input, Node, Output
from engine.ports import HoldsSecrets


class McpCallToolInput(Input):
    connection: Annotated[Connection, HoldsSecrets()] = Field(
        description='The server, as `{"url": "https://…/mcp", "key": {"$secret": "name"}}`.'
    )
    name: str = Field(min_length=1, description="The tool's name.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="What to call it with, by name.")


class McpCallToolOutput(Output):
    result: Any = Field(
        description="What the tool gave: a value where it gives one, else its text, else the parts of its answer."
    )


class McpCallTool(Node[McpCallToolInput, McpCallToolOutput]):
    """Calls a tool of a server that speaks the Model Context Protocol over streamable HTTP. If the tool says that it
    failed, so does the node; failures of the network can be retried."""

    type = "mcp.call_tool"
    title = "MCP tool"

    async def run(self, inputs: McpCallToolInput, context: Context) -> McpCallToolOutput:
        async with mcp_session(inputs.connection, context) as session:
            result = await session.call_tool(inputs.name, inputs.arguments)
        return McpCallToolOutput(result=tool_result(result))
