"""Flows, their versions, and what a version is made of."""

from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import ID

from engine.document import FlowDocument, NodeDocument, parse_document
from engine.ids import flow_version_id
from engine.interface import FlowInterface, flow_interface
from schema.arguments import After, First
from schema.asks import Info
from schema.node import Node
from schema.paging import Connection, check_first, decode_cursor, encode_cursor, page
from schema.scalars import JSON
from schema.view import of_row, resolved
from storage.flows import FlowRow, FlowVersionRow

VERSION_CURSOR = "flowVersion"

VersionNumber: TypeAlias = Annotated[int, strawberry.argument(description="Counts from 1.")]


@strawberry.type(description="An input or output of a whole flow.")
class FlowPort:
    name: str = strawberry.field(description="The name in `inputs` or `outputs` of an execution.")
    schema: JSON = strawberry.field(description="The JSON Schema of its value; `{}` if anything goes.")
    required: bool = strawberry.field(description="Whether an execution must be given it; false for outputs.")


@strawberry.type(description="A node of a flow version.")
class GraphNode(Node):
    version_id: strawberry.Private[str]
    row: strawberry.Private[NodeDocument]

    node_id: ID = of_row("id", "The node's id in the document.")
    type: str = of_row("type", "The name of its node type.")
    title: str | None = of_row("title", "What people call it.")
    inputs: JSON = of_row("inputs", "The constants at its inputs, by port.")
    parent_node_id: ID | None = of_row("parent", "The group that it belongs to.")

    @property
    def global_id(self) -> str:
        return f"{self.version_id}:{self.row.id}"

    @resolved("Where an editor shows it: `position` in the node's `ui`.")
    def position(self) -> JSON | None:
        ui = self.row.ui
        return JSON(ui["position"]) if isinstance(ui, dict) and "position" in ui else None


@strawberry.type(description="A value's way from an output port to an input port.")
class GraphEdge:
    source: str = strawberry.field(description="The output port as `node.port`.")
    target: str = strawberry.field(description="The input port as `node.port`.")


@strawberry.type(description="A version of a flow; it never changes.")
class FlowVersion(Node):
    row: strawberry.Private[FlowVersionRow]

    flow_id: ID = of_row("flow_id", "The flow that it is a version of.")
    version: int = of_row("version", "Counts from 1.")
    name: str = of_row("name", "The flow's name in this version.")
    created_at: datetime = of_row("created_at", "When it was made.")
    document: JSON = of_row("document", "The flow document, as it was sent.")

    @property
    def global_id(self) -> str:
        return flow_version_id(self.row.flow_id, self.row.version)

    @cached_property
    def parsed(self) -> FlowDocument:
        """The document, named and typed."""
        return parse_document(self.row.document)

    @resolved("The nodes, in document order.")
    def nodes(self) -> list[GraphNode]:
        return [GraphNode(version_id=self.global_id, row=node) for node in self.parsed.nodes]

    @resolved("The edges, in document order.")
    def edges(self) -> list[GraphEdge]:
        return [GraphEdge(source=str(edge.source), target=str(edge.target)) for edge in self.parsed.edges]

    @resolved("What an execution of it takes.", graphql_type=list[FlowPort])
    def inputs(self, info: Info) -> Any:
        return self._interface(info).inputs

    @resolved("What an execution of it gives.", graphql_type=list[FlowPort])
    def outputs(self, info: Info) -> Any:
        return self._interface(info).outputs

    def _interface(self, info: Info) -> FlowInterface:
        return flow_interface(self.parsed, info.context.asks.node_types)

    def node(self, node_id: str) -> GraphNode | None:
        """The node of this id, if there is one."""
        found = (node for node in self.parsed.nodes if node.id == node_id)
        return next((GraphNode(version_id=self.global_id, row=node) for node in found), None)


def version_cursor(row: FlowVersionRow) -> str:
    """The cursor of a version in its flow's list."""
    return encode_cursor(VERSION_CURSOR, row.version)


@strawberry.type(description="A flow: a graph of nodes that can be run.")
class Flow(Node):
    row: strawberry.Private[FlowRow]

    name: str = of_row("name", "The name in its newest version.")
    description: str | None = of_row("description", "What its newest version says about it.")
    owner_id: ID = of_row("owner_id", "Whom it belongs to.")
    created_at: datetime = of_row("created_at", "When it was made.")
    updated_at: datetime = of_row("updated_at", "When its newest version was made.")

    @property
    def global_id(self) -> str:
        return self.row.id

    @resolved("The newest version.")
    async def latest(self, info: Info) -> FlowVersion:
        return await self._version(info, self.row.latest_version)

    @resolved("The version of this number.")
    async def version(self, info: Info, number: VersionNumber) -> FlowVersion | None:
        return await self._version(info, number)

    @resolved("All versions, newest first; `first` is 1 to 100.")
    async def versions(self, info: Info, first: First = 50, after: After = None) -> Connection[FlowVersion]:
        key = decode_cursor(after, VERSION_CURSOR, int)
        limit = check_first(first) + 1
        rows = await info.context.asks.flow_versions(self.row.id, limit, key[0] if key else None)
        return page(rows, first, after, lambda row: FlowVersion(row=row), version_cursor)

    async def _version(self, info: Info, number: int) -> FlowVersion:
        return FlowVersion(row=await info.context.asks.flow_version(self.row.id, number))


def show_flow(row: FlowRow | None) -> Flow | None:
    """Make the GraphQL object of a flow, if there is one."""
    return Flow(row=row) if row else None
