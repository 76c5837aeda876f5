"""mcp.get_prompt: gets a prompt of an MCP server."""

from typing import Annotated, Any

from pydantic import Field

from engine.connection import Connection
from engine.mcp_session import checked_texts, mcp_session, plain
from engine.node import Context, Input, Node, Output
from engine.ports import HoldsSecrets


class McpGetPromptInput(Input):
    connection: Annotated[Connection, HoldsSecrets()] = Field(
        description='The server, as `{"url": "https://…/mcp", "key": {"$secret": "name"}}`.'
    )
    name: str = Field(min_length=1, description="The prompt's name.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="What fills the prompt: texts by name.")


class McpGetPromptOutput(Output):
    result: list[Any] = Field(description="The prompt as messages, such as the AI nodes take.")


class McpGetPrompt(Node[McpGetPromptInput, McpGetPromptOutput]):
    """Gets a prompt of a server that speaks the Model Context Protocol over streamable HTTP, as messages for a language
    model. Failures of the network can be retried."""

    type = "mcp.get_prompt"
    title = "MCP prompt"
    safe = True

    async def run(self, inputs: McpGetPromptInput, context: Context) -> McpGetPromptOutput:
        arguments = checked_texts(inputs.arguments)
        async with mcp_session(inputs.connection, context) as session:
            prompt = await session.get_prompt(inputs.name, arguments)
        return McpGetPromptOutput(result=[_message(message) for message in prompt.messages])


def _message(message: Any) -> dict[str, Any]:
    content = message.content
    return {"role": message.role, "content": content.text if content.type == "text" else [plain(content)]}
