"""ai.tools: lets a language model use tools until it has an answer."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Annotated, Any

from pydantic import Field

from engine.ai.completion import Model
from engine.ai.conversation import Conversation, arguments_of, called_tool
from engine.ai.messages import Messages, ModelConnection, ToolCall
from engine.ai.tools import DirectTool, FlowTool, Tool, ToolInput, open_tools
from engine.called import outputs_of
from engine.connection import connected
from engine.errors import NodeError
from engine.node import CallFlow, CallResult, Context, Input, Node, Output
from engine.ports import HoldsSecrets
from engine.secret_use import SecretUse
from engine.values import Value

ROUNDS_DEFAULT = 10
ROUNDS_LIMIT = 100


class ToolsInput(Input):
    connection: Annotated[ModelConnection, HoldsSecrets()] = Field(
        description='Where the model\'s service is, as `{"url": "https://…/v1", "key": {"$secret": "name"}}`.'
    )
    model: str = Field(min_length=1, description="The model's name, as the service knows it.")
    messages: Messages = Field(description="The conversation so far.")
    tools: Annotated[list[ToolInput], HoldsSecrets()] = Field(
        description='What the model may use: `{"node": "http.request"}`, `{"flow": "FL…"}` or `{"mcp": {"url": "…"}}`, '
        "each with a name, a description and fixed inputs of your own."
    )
    maxRounds: int = Field(
        default=ROUNDS_DEFAULT, ge=1, le=ROUNDS_LIMIT, description="How often the model is asked at most."
    )


class ToolsOutput(Output):
    text: str = Field(description="What the model says in the end.")
    messages: list[Any] = Field(description="The whole conversation, with each call of a tool and its answer.")
    usage: dict[str, Any] = Field(description="What the service counted in all rounds, in its own terms.")


class Tools(Node[ToolsInput, ToolsOutput]):
    """Lets a language model use tools until it has an answer: nodes, other flows and the tools of MCP servers. A flow
    runs as a child execution, and while it does the conversation waits without a worker. A tool that fails tells the
    model why. What is not a flow is used again if the worker is lost meanwhile."""

    type = "ai.tools"
    title = "AI with tools"
    category = "ai"

    async def run(self, inputs: ToolsInput, context: Context) -> ToolsOutput | CallFlow:
        return await _go_on(inputs, Conversation(messages=list(inputs.messages)), context)

    async def resume(
        self, inputs: ToolsInput, results: Sequence[CallResult], context: Context
    ) -> ToolsOutput | CallFlow:
        conversation = Conversation.model_validate(context.memo)
        for call_id, result in zip(conversation.awaited, results, strict=True):
            try:
                conversation.answer(call_id, dict(outputs_of(result)))
            except NodeError as error:
                conversation.answer_error(call_id, error.message)
        return await _go_on(inputs, conversation, context)


async def _go_on(inputs: ToolsInput, conversation: Conversation, context: Context) -> ToolsOutput | CallFlow:
    async with AsyncExitStack() as stack:
        tools = await open_tools(inputs.tools, context, stack)
        client = await stack.enter_async_context(connected(inputs.connection, context))
        model = Model(client, inputs.connection, inputs.model)
        declared = {"tools": [tool.declaration() for tool in tools.values()]} if tools else {}
        while True:
            if flows := await _use(tools, conversation, context.secrets):
                return flows
            if conversation.rounds and conversation.messages[-1].role == "assistant":
                return _outputs(conversation)
            if conversation.rounds == inputs.maxRounds:
                raise NodeError(f"The model had no answer after {inputs.maxRounds} rounds.")
            conversation.add(await model.complete(conversation.messages, **declared))


async def _use(tools: dict[str, Tool], conversation: Conversation, secrets: SecretUse) -> CallFlow | None:
    """Answer what can be answered here; gives the runs of the first flow that is called.

    What a server says may repeat the key that it was shown, which is not for the model.
    """
    flow, waiting = None, []
    for call in list(conversation.open_calls()):
        try:
            tool, arguments = called_tool(call, tools), arguments_of(call)
            if isinstance(tool, DirectTool):
                answer = Value.of(await tool.use(arguments, call.id))
                conversation.answer(call.id, secrets.scrub_value(answer).data)
            elif isinstance(tool, FlowTool) and tool is (flow := flow or tool):
                waiting.append((call, tool.inputs(arguments)))
        except NodeError as error:
            conversation.answer_error(call.id, secrets.scrub(error.message))
    return _run(flow, waiting, conversation) if flow and waiting else None


def _run(flow: FlowTool, waiting: list[tuple[ToolCall, dict[str, Any]]], conversation: Conversation) -> CallFlow:
    conversation.awaited = [call.id for call, _ in waiting]
    return CallFlow(flow.found, [inputs for _, inputs in waiting], memo=conversation.plain())


def _outputs(conversation: Conversation) -> ToolsOutput:
    return ToolsOutput(text=conversation.text, messages=conversation.plain_messages(), usage=conversation.usage)
