"""Queries of executions, their trees and their large values."""

from functools import partial
from typing import Annotated

import strawberry
from strawberry import ID

from engine.errors import NotFound
from resolvers.context import Info
from resolvers.filters import wanted
from schema.arguments import After, ExecutionId, First, FirstOfMany
from schema.executions import Execution
from schema.inputs import ExecutionFilter
from schema.lookahead import names_below
from schema.paging import LONG_PAGE_LIMIT, Connection, check_first, decode_cursor, encode_cursor, page
from schema.scalars import JSON
from schema.trees import (
    TREE_CURSOR,
    ExecutionTreeConnection,
    RootExecution,
    show_root,
    show_tree_page,
)
from storage import executions as store
from storage.executions import ExecutionRow
from storage.lists import list_matching
from storage.payloads import load_payloads

ROOT_CURSOR = "root"

Member = Annotated[ID, strawberry.argument(description="Any member of the tree.")]
MaxLevel = Annotated[int | None, strawberry.argument(description="The deepest level that is wanted; the root's is 0.")]
OfFlow = Annotated[ID | None, strawberry.argument(description="Only those of this flow.")]
Filter = Annotated[ExecutionFilter | None, strawberry.argument(description="Only those that match.")]
PayloadId = Annotated[ID, strawberry.argument(description="The `id` in the `$payload` that stands for the value.")]


async def execution(info: Info, id: ExecutionId) -> Execution | None:
    """One execution."""
    return await info.context.asks.shown_execution(id)


async def execution_tree(
    info: Info, execution_id: Member, first: FirstOfMany = 100, after: After = None, max_level: MaxLevel = None
) -> ExecutionTreeConnection | None:
    """The whole tree that an execution belongs to, by level and then creation."""
    limit = check_first(first, LONG_PAGE_LIMIT) + 1
    key = decode_cursor(after, TREE_CURSOR, int, str)
    member = await info.context.asks.execution(execution_id)
    async with info.context.pool.acquire() as connection:
        rows = await store.list_tree(
            connection,
            root_id=member.root_id,
            owner_id=member.owner_id,
            max_level=max_level,
            limit=limit,
            after=(key[0], key[1]) if key else None,
        )
    known = await info.context.asks.known(rows, names_below(info))
    return show_tree_page(rows, first, after, known)


async def root_executions(
    info: Info, flow_id: OfFlow = None, first: First = 50, after: After = None, filter: Filter = None
) -> Connection[RootExecution]:
    """The executions that no other one spawned, newest first, each with the size of its tree."""
    limit = check_first(first) + 1
    key = decode_cursor(after, ROOT_CURSOR, str)
    rows = await _roots(info, flow_id, filter, limit, key[0] if key else None)
    known = await info.context.asks.known(rows, names_below(info))
    return page(rows, first, after, partial(show_root, known), lambda row: encode_cursor(ROOT_CURSOR, row.id))


async def _roots(
    info: Info, flow_id: str | None, filter: ExecutionFilter | None, limit: int, after: str | None
) -> list[ExecutionRow]:
    which = wanted(filter, flow_id)
    if which is None:
        return []
    reader = info.context.viewer.reader
    async with info.context.pool.acquire() as connection:
        return await list_matching(connection, reader, which, limit=limit, after=after)


async def payload(info: Info, execution_id: ExecutionId, payload_id: PayloadId) -> JSON | None:
    """A value that is too large for events, inputs and outputs, as a whole."""
    member = await info.context.asks.execution(execution_id)
    async with info.context.pool.acquire() as connection:
        found = await load_payloads(connection, member.root_id, [payload_id])
    if payload_id not in found:
        raise NotFound("There is no such payload.")
    return JSON(found[payload_id])
