"""The tools that a model may use: nodes, flows and the tools of MCP servers."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.attribution import attributed
from engine.connection import Connection
from engine.errors import InputError, NodeError
from engine.interface import check_inputs, flow_inputs
from engine.mcp_session import mcp_session, tool_result
from engine.node import AnyNode, Context, give_nobody
from engine.ports import PortKind
from engine.reach import FoundFlow

if TYPE_CHECKING:
    from mcp import Client

NAME_LENGTH = 64
TOOL_LIMIT = 128

_NO_NAME_CHARACTER = re.compile(r"[^A-Za-z0-9_-]+")


class ToolInput(BaseModel):
    """Something that a model may use: exactly one of `node`, `flow` and `mcp`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    node: str | None = Field(default=None, description="A type of node, such as http.request; it must not wait.")
    flow: str | None = Field(default=None, description="A flow by its id; each call is a child execution.")
    mcp: Connection | None = Field(default=None, description="An MCP server; all of its tools, or those of `only`.")
    name: str | None = Field(default=None, description="What the model calls a node or flow.")
    description: str | None = Field(default=None, description="What the model is told about a node or flow.")
    inputs: dict[str, Any] = Field(
        default_factory=dict, description="Inputs of a node or flow that are fixed, and that the model does not see."
    )
    only: list[str] | None = Field(default=None, description="Which tools of an MCP server the model may use.")

    @model_validator(mode="after")
    def _exactly_one(self) -> "ToolInput":
        if sum(each is not None for each in (self.node, self.flow, self.mcp)) != 1:
            raise ValueError("a tool has exactly one of 'node', 'flow' and 'mcp'")
        return self


@dataclass(frozen=True)
class Tool(ABC):
    """A tool as the model sees it; `parameters` is a JSON Schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    def declaration(self) -> dict[str, Any]:
        """The tool in the protocol's form."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}


@dataclass(frozen=True)
class DirectTool(Tool):
    """A tool that answers within the attempt."""

    @abstractmethod
    async def use(self, arguments: dict[str, Any], key: str) -> Any:
        """Its answer; `key` is the same whenever this call is made again. Raises `NodeError`."""


@dataclass(frozen=True)
class NodeTool(DirectTool):
    """Runs a node."""

    node_type: type[AnyNode]
    fixed: Mapping[str, Any]
    context: Context

    async def use(self, arguments: dict[str, Any], key: str) -> Any:
        key = f"{self.context.idempotency_key}:{key}"
        context = replace(self.context, idempotency_key=key, resolve=give_nobody, chunk=give_nobody)
        outcome = await context.use(self.node_type, {**arguments, **self.fixed}, context)
        if not isinstance(outcome, Mapping):
            raise NodeError(f"The node {self.node_type.type} waits, which tools cannot do.")
        return {port: value.data for port, value in outcome.items()}


@dataclass(frozen=True)
class ServerTool(DirectTool):
    """Calls a tool of an MCP server."""

    session: "Client"
    theirs: str

    async def use(self, arguments: dict[str, Any], key: str) -> Any:
        return tool_result(await self.session.call_tool(self.theirs, arguments))


@dataclass(frozen=True)
class FlowTool(Tool):
    """Runs a flow as a child execution."""

    found: FoundFlow
    fixed: Mapping[str, Any]

    def inputs(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The inputs of a run; raises `InputError` where the flow does not take them."""
        inputs = {**arguments, **self.fixed}
        for name, message in check_inputs(self.found.document, inputs):
            raise InputError(f"{name}: {message}")
        return inputs


async def open_tools(given: Iterable[ToolInput], context: Context, sessions: AsyncExitStack) -> dict[str, Tool]:
    """The tools by name; sessions with MCP servers stay open as long as `sessions` is.

    Raises `InputError` where a tool is not there or has the name of another.
    """
    tools: dict[str, Tool] = {}
    with attributed("tools"):
        for each in given:
            for tool in await _opened(each, context, sessions):
                if tools.setdefault(tool.name, tool) is not tool:
                    raise InputError(f"two tools have the name {tool.name!r}; give one another name.")
        if len(tools) > TOOL_LIMIT:
            raise InputError(f"there are {len(tools)} tools; a model may have {TOOL_LIMIT}.")
    return tools


async def _opened(given: ToolInput, context: Context, sessions: AsyncExitStack) -> list[Tool]:
    if given.node is not None:
        return [_node_tool(given, given.node, context)]
    if given.flow is not None:
        return [_flow_tool(given, await context.reach.find_flow(given.flow))]
    assert given.mcp is not None
    session = await sessions.enter_async_context(mcp_session(given.mcp, context))
    return await _server_tools(session, given.only)


def _node_tool(given: ToolInput, name: str, context: Context) -> NodeTool:
    node_type = context.reach.node_types.get(name)
    if node_type is None or node_type.engine_run:
        raise InputError(f"there is no type of node {name[:100]!r} that could be a tool.")
    return NodeTool(
        name=_name(given.name or name),
        description=given.description or node_type.description,
        parameters=_node_parameters(node_type, given.inputs),
        node_type=node_type,
        fixed=given.inputs,
        context=context,
    )


def _node_parameters(node_type: type[AnyNode], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of the inputs that the model gives: not what is fixed, and no secrets."""
    schema = node_type.input_model.model_json_schema(by_alias=True)
    hidden = {port.name for port in node_type.declared_ports().inputs.values() if port.kind is PortKind.SECRET}
    return _without(schema, hidden | fixed.keys())


def _flow_tool(given: ToolInput, found: FoundFlow) -> FlowTool:
    ports = flow_inputs(found.document)
    schema = {
        "type": "object",
        "properties": {port.name: port.schema for port in ports},
        "required": [port.name for port in ports if port.required],
        "additionalProperties": False,
    }
    return FlowTool(
        name=_name(given.name or found.called.name),
        description=given.description or found.document.description or found.called.name,
        parameters=_without(schema, given.inputs.keys()),
        found=found,
        fixed=given.inputs,
    )


async def _server_tools(session: "Client", only: list[str] | None) -> list[Tool]:
    tools: list[Tool] = []
    cursor = None
    for _ in range(TOOL_LIMIT):
        listed = await session.list_tools(cursor=cursor)
        tools += [
            ServerTool(_name(each.name), each.description or each.name, each.input_schema, session, each.name)
            for each in listed.tools
            if only is None or each.name in only
        ]
        cursor = listed.next_cursor
        if cursor is None or len(tools) > TOOL_LIMIT:
            break
    else:
        raise InputError(f"the MCP server lists its tools on more than {TOOL_LIMIT} pages.")
    if missing := set(only or ()) - {tool.theirs for tool in tools if isinstance(tool, ServerTool)}:
        raise InputError(f"the MCP server has no tool {min(missing)!r}.")
    return tools


def _without(schema: Mapping[str, Any], hidden: Iterable[str]) -> dict[str, Any]:
    hidden = set(hidden)
    properties = {name: each for name, each in schema.get("properties", {}).items() if name not in hidden}
    required = [name for name in schema.get("required", ()) if name not in hidden]
    return {**schema, "properties": properties, "required": required}


def _name(text: str) -> str:
    """A name of the form that the protocol allows."""
    return _NO_NAME_CHARACTER.sub("_", text)[:NAME_LENGTH].strip("_") or "tool"
