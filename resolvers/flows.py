"""Queries and mutations of flows.

Documents are checked in a thread: that of a large one takes seconds, in which others are served.
"""

import asyncio
from typing import Annotated

import strawberry

from engine.capability import pin
from engine.validation import check_document, load_document
from resolvers.context import Info
from schema.arguments import After, First, FlowId
from schema.flows import Flow
from schema.inputs import ChangedFlow, NewFlow
from schema.node_types import NodeType
from schema.outcomes import (
    CreateFlowPayload,
    DeleteFlowPayload,
    FlowValidation,
    UpdateFlowPayload,
)
from schema.paging import Connection, check_first, decode_cursor, encode_cursor, page
from schema.scalars import JSON
from storage import flows as store
from storage.access import Access
from storage.flows import FlowRow
from storage.transaction import transaction

CURSOR = "flow"

Search = Annotated[str | None, strawberry.argument(description="A part of the name or description, in either case.")]
Category = Annotated[str | None, strawberry.argument(description="Only those of this category.")]
Document = Annotated[JSON, strawberry.argument(description="The flow document, as an object.")]


async def flow(info: Info, id: FlowId) -> Flow | None:
    """One flow; deleted flows are not found."""
    return _show(await info.context.flow(id))


async def flows(info: Info, first: First = 50, after: After = None, search: Search = None) -> Connection[Flow]:
    """The flows that the viewer may see, newest first."""
    key = decode_cursor(after, CURSOR, str)
    limit = check_first(first) + 1
    reader = info.context.viewer.reader
    async with info.context.pool.acquire() as connection:
        rows = await store.list_flows(
            connection, reader=reader, search=search, limit=limit, after=key[0] if key else None
        )
    return page(rows, first, after, _show, lambda row: encode_cursor(CURSOR, row.id))


def node_types(info: Info, category: Category = None) -> list[NodeType]:
    """The node types that flows can use, by name."""
    found = info.context.services.node_types.values()
    return [NodeType(row=row) for row in found if category in (None, row.category)]


async def create_flow(info: Info, input: NewFlow) -> CreateFlowPayload:
    """Make a flow; an invalid document is BAD_USER_INPUT with all its `problems`."""
    context = info.context
    document = await asyncio.to_thread(load_document, input.document, context.services.node_types)
    async with transaction(context.pool) as connection:
        row = await store.create_flow(
            connection,
            owner_id=context.viewer.id,
            name=document.name,
            description=document.description,
            document=input.document,
            node_types=pin(document, context.services.node_types),
        )
    return CreateFlowPayload(flow=_show(row))


async def update_flow(info: Info, input: ChangedFlow) -> UpdateFlowPayload:
    """Add a version to a flow; its executions keep theirs."""
    context = info.context
    document = await asyncio.to_thread(load_document, input.document, context.services.node_types)
    flow = await context.flow(input.id, Access.OWN)
    async with transaction(context.pool) as connection:
        row = await store.update_flow(
            connection,
            flow_id=flow.id,
            owner_id=flow.owner_id,
            name=document.name,
            description=document.description,
            document=input.document,
            expected_version=input.expected_version,
            node_types=pin(document, context.services.node_types),
        )
    context.asks.forget()
    return UpdateFlowPayload(flow=_show(row))


async def delete_flow(info: Info, id: FlowId) -> DeleteFlowPayload:
    """Delete a flow without unfinished executions; what has run stays readable."""
    flow = await info.context.flow(id, Access.OWN)
    async with transaction(info.context.pool) as connection:
        await store.delete_flow(connection, flow_id=flow.id, owner_id=flow.owner_id)
    info.context.asks.forget()
    return DeleteFlowPayload(deleted_id=id)


async def validate_flow(info: Info, document: Document) -> FlowValidation:
    """Say everything that is wrong with a flow document, without storing it."""
    _, problems = await asyncio.to_thread(check_document, document, info.context.services.node_types)
    return FlowValidation(valid=not problems, problems=problems)


def _show(row: FlowRow) -> Flow:
    return Flow(row=row)
